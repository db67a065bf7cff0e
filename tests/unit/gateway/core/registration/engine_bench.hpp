// A registration engine between fakes, with a journal and hubs that answer when a test says so.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "gateway/core/registration/engine.hpp"
#include "shared/protocol/errors.hpp"
#include "shared/protocol/sas_token.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/fake_gateway.hpp"

namespace berth::testing {

inline domain::RegistrationId rid(std::string_view text) {
  auto id = domain::RegistrationId::parse(text);
  CHECK_TRUE(id.has_value());
  return *id;
}

inline domain::EnrollmentGroupId group_id(std::string_view text) {
  auto id = domain::EnrollmentGroupId::parse(text);
  CHECK_TRUE(id.has_value());
  return *id;
}

inline SecretBytes key(std::uint8_t fill) {
  return SecretBytes(Bytes(32, fill));
}

inline domain::LinkedHub linked_hub(const std::string& name) {
  domain::LinkedHub out;
  out.hub_id = domain::HubId(name + "-id");
  out.host_name = name + ".example.test";
  return out;
}

// An individual enrollment by symmetric key, with the keys key(1) and key(2).
inline domain::IndividualEnrollment individual(std::string_view id) {
  domain::IndividualEnrollment out;
  out.registration_id = rid(id);
  out.attestation = domain::SymmetricKeyAttestation{key(1), key(2)};
  out.provisioning.initial_twin.desired = R"({"interval":30})";
  return out;
}

inline domain::Registration assigned(std::string_view id, const domain::LinkedHub& to) {
  domain::Registration out;
  out.registration_id = rid(id);
  out.status = domain::RegistrationStatus::assigned;
  out.substatus = domain::RegistrationSubstatus::initial_assignment;
  out.hub_id = to.hub_id;
  out.assigned_hub = to.host_name;
  out.device_id = domain::DeviceId(std::string(id));
  out.enrollment = {false, std::string(id), 1};
  out.created = kNow - std::chrono::hours{24};
  out.updated = out.created;
  out.hub_etag = "etag-of-old";
  return out;
}

class EngineBench {
 public:
  EngineBench() { cache.linked = {linked_hub("a"), linked_hub("b")}; }

  FakeCrypto crypto;
  FakeClock clock{kNow};
  FakeEntropy entropy;
  FakeCache cache;
  FakeAdmission admission;
  FakeCoordinatorLink link;
  FakeProbe probe;
  gateway::EngineSettings settings{domain::GatewayId("gw-1"), "boot-1", {}, {}};

  // Made at first use, so that a test can change the settings before; or anew, as after a restart.
  gateway::RegistrationEngine& engine() {
    if (!engine_) restart();
    return *engine_;
  }
  void restart(std::vector<gateway::JournaledIntent> intents = {}) {
    actions_.clear();
    engine_ = std::make_unique<gateway::RegistrationEngine>(
        settings, gateway::EnginePorts{cache, admission, link, probe, crypto, clock, entropy});
    engine_->restore(std::move(intents));
  }

  // ---- Devices ----

  gateway::Claim claim(const std::string& id, const SecretBytes& device_key = key(1)) {
    gateway::Claim out;
    out.id_scope = cache.scope.str();
    out.registration_id = id;
    out.sas_token = SecretBytes::copy_of(as_bytes(
        protocol::make_sas_token(cache.scope.str() + "/registrations/" + id, device_key,
                                 unix_seconds(clock.wall()) + 3600, "registration", crypto)));
    out.source = "192.0.2.7";
    out.api_version = "2019-03-31";
    return out;
  }
  gateway::RequestToken submit(gateway::DeviceRequest request) {
    const gateway::RequestToken token = ++last_token_;
    std::visit([token](auto& r) { r.token = token; }, request);
    take_in(engine().on_request(std::move(request)));
    return token;
  }
  gateway::RequestToken register_device(const std::string& id,
                                        const SecretBytes& device_key = key(1)) {
    return submit(gateway::RegisterRequest{0, claim(id, device_key), {}});
  }
  gateway::RequestToken poll(const std::string& id, const std::string& operation_id) {
    return submit(gateway::PollRequest{0, claim(id), operation_id});
  }
  gateway::RequestToken ask_status(const std::string& id) {
    return submit(gateway::StatusRequest{0, claim(id), {}});
  }

  // ---- What the engine wants ----

  void take_in(gateway::Actions actions) {
    for (gateway::Action& action : actions) actions_.push_back(std::move(action));
  }
  // Removes and gives all actions of one kind.
  template <class T>
  std::vector<T> take() {
    std::vector<T> out;
    std::erase_if(actions_, [&out](gateway::Action& action) {
      T* const found = std::get_if<T>(&action);
      if (found != nullptr) out.push_back(std::move(*found));
      return found != nullptr;
    });
    return out;
  }
  template <class T>
  T take_one() {
    std::vector<T> all = take<T>();
    LONGS_EQUAL(1, all.size());
    return std::move(all.front());
  }
  template <class T>
  bool wants() const {
    return std::any_of(actions_.begin(), actions_.end(),
                       [](const auto& action) { return std::holds_alternative<T>(action); });
  }
  // The reply to that request, if it was given.
  std::optional<gateway::Reply> reply_to(gateway::RequestToken token) {
    for (auto& sent : take<gateway::SendReply>()) replies_[sent.reply.token] = sent.reply;
    const auto found = replies_.find(token);
    if (found == replies_.end()) return std::nullopt;
    return found->second;
  }
  gateway::OperationReply operation_reply(gateway::RequestToken token) {
    const auto reply = reply_to(token);
    CHECK_TRUE(reply.has_value());
    const auto* operation = std::get_if<gateway::OperationReply>(&reply->content);
    CHECK_TRUE(operation != nullptr);
    return *operation;
  }
  gateway::Refusal refusal(gateway::RequestToken token) {
    const auto reply = reply_to(token);
    CHECK_TRUE(reply.has_value());
    const auto* refused = std::get_if<gateway::Refusal>(&reply->content);
    CHECK_TRUE(refused != nullptr);
    return *refused;
  }
  void check_refused(gateway::RequestToken token, Errc code) {
    STRCMP_EQUAL(std::string(name_of(code)).c_str(),
                 std::string(name_of(refusal(token).code)).c_str());
  }

  // ---- The platform's answers ----

  void answer_fence() {
    const auto fence = take_one<gateway::RequestFence>();
    take_in(engine().on_fence(fence.tenant, fence.ticket));
  }
  // What the cache holds of the device is what the coordinator has.
  void answer_look_back() {
    const auto asked = take_one<gateway::LookBack>();
    cache.make_current(asked.registration_id);
    take_in(engine().on_look_back(asked.tenant, asked.registration_id));
  }
  gateway::JournalIntent journal_intent() {
    auto wanted = take_one<gateway::JournalIntent>();
    journal[wanted.intent.registration_id.folded()] = {wanted.operation.tenant, wanted.intent};
    take_in(engine().on_journaled(wanted.operation, {}));
    return wanted;
  }
  gateway::JournalOutcome journal_outcome() {
    auto wanted = take_one<gateway::JournalOutcome>();
    write_outcome(wanted);
    take_in(engine().on_journaled(wanted.operation, {}));
    return wanted;
  }
  void write_outcome(const gateway::JournalOutcome& wanted) {
    journal.erase(wanted.operation.registration_id.folded());
    if (wanted.entry.kind == domain::OutboxEntry::Kind::assigned) {
      cache.put(wanted.entry.registration);
    }
  }
  gateway::ApplyToHub hub_takes_it(const std::string& etag = "etag-1") {
    auto wanted = take_one<gateway::ApplyToHub>();
    take_in(engine().on_hub_outcome(wanted.operation, berth::hub::HubOutcome{etag, false, {}}));
    return wanted;
  }
  gateway::ApplyToHub hub_answers(Errc code) {
    auto wanted = take_one<gateway::ApplyToHub>();
    take_in(engine().on_hub_outcome(wanted.operation, Error{code, "as the test has it"}));
    return wanted;
  }
  gateway::AskAllocation webhook_answers(const Result<domain::CustomAllocationAnswer>& answer) {
    auto wanted = take_one<gateway::AskAllocation>();
    take_in(engine().on_allocation(wanted.operation, answer));
    return wanted;
  }
  void pass(std::chrono::microseconds time) {
    clock.advance(time);
    take_in(engine().on_time());
  }
  // Goes to the moment that the engine named.
  std::chrono::nanoseconds pass_to_wake() {
    const auto wake = engine().next_wake();
    CHECK_TRUE(wake.has_value());
    const auto pause = *wake - clock.monotonic();
    pass(std::chrono::ceil<std::chrono::microseconds>(pause));
    return pause;
  }

  // Everything goes well; the operation's ID.
  std::string provision(const std::string& id) {
    const auto token = accept(id);
    hub_takes_it();
    journal_outcome();
    return operation_reply(token).status.operation_id;
  }
  // Up to the hub.
  gateway::RequestToken accept(const std::string& id) {
    const auto token = register_device(id);
    if (wants<gateway::LookBack>()) answer_look_back();
    journal_intent();
    return token;
  }

  std::map<std::string, gateway::JournaledIntent> journal;  // what would survive a crash
  std::vector<gateway::JournaledIntent> journaled() const {
    std::vector<gateway::JournaledIntent> out;
    out.reserve(journal.size());
    for (const auto& [id, intent] : journal) out.push_back(intent);
    return out;
  }

 private:
  std::unique_ptr<gateway::RegistrationEngine> engine_;
  gateway::Actions actions_;
  std::map<gateway::RequestToken, gateway::Reply> replies_;
  gateway::RequestToken last_token_ = 0;
};

}  // namespace berth::testing
