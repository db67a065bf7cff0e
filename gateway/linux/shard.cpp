#include "gateway/linux/shard.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/core/limits.hpp"
#include "shared/protocol/errors.hpp"
#include "shared/runtime/diagnostic_log.hpp"

namespace berth::gateway {
namespace {

namespace asio = boost::asio;

// What of a claim a log may repeat; a device can write anything there.
Claim loggable(const Claim& claim) {
  Claim shown;
  for (const auto& [from, to] : {std::pair(&claim.id_scope, &shown.id_scope),
                                 std::pair(&claim.registration_id, &shown.registration_id),
                                 std::pair(&claim.api_version, &shown.api_version)}) {
    *to = from->substr(0, kMaxLoggedText);
    for (char& c : *to) {
      if (c < 0x20 || c > 0x7E) c = '?';
    }
  }
  shown.protocol = claim.protocol;
  shown.source = claim.source;
  return shown;
}

Reply stopping(RequestToken token) {
  Reply reply;
  reply.token = token;
  Refusal& refusal = reply.content.emplace<Refusal>();
  refusal.code = Errc::unavailable;
  refusal.retry_after = kOverloadRetryAfter;
  return reply;
}

Result<void> without_value(const Result<store::Committed>& committed) {
  if (!committed) return committed.error();
  return {};
}

}  // namespace

Shard::Shard(const EngineSettings& settings, const Services& services)
    : work_(loop_.get_executor()),
      timer_(loop_),
      services_(services),
      cache_(services.store, services.crypto, services.generation, services.known_absent),
      engine_(settings,
              EnginePorts{cache_, services.admission, services.coordinator, services.probe,
                          services.crypto, services.clock, services.entropy}),
      hub_link_(loop_.get_executor(), TurnKind::device, services.coordinator_id,
                services.machine_trust,
                HubLink::Ports{services.store, services.hub_traffic, services.tls, services.clock,
                               services.entropy, services.hub_json, services.broker_json,
                               services.hub_reach}),
      counts_(services.metrics, "berth"),
      location_(settings.gateway_id.str()) {}

Shard::~Shard() {
  stop();
}

void Shard::restore(std::vector<JournaledIntent> intents) {
  engine_.restore(std::move(intents));
}

void Shard::start() {
  post([](RegistrationEngine& engine) { return engine.on_time(); });
  thread_ = std::thread([this] { loop_.run(); });
}

void Shard::stop() {
  if (!thread_.joinable()) return;
  asio::post(loop_, [this] { loop_.stop(); });
  thread_.join();
  stopped_ = true;
  timer_.cancel();
  hub_link_.stop();
  work_.reset();
}

bool Shard::settle() {
  const auto waiting = std::exchange(waiters_, {});
  for (const auto& [token, waiter] : waiting) waiter.answer(stopping(waiter.token));
  loop_.restart();
  return loop_.poll() > 0 || !waiting.empty();
}

runtime::Task<Reply> Shard::submit(DeviceRequest request) {
  // The handler keeps the caller's executor busy until the reply is posted to it.
  auto start = [this](auto handler, DeviceRequest submitted) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    asio::post(loop_, [this, shared, submitted = std::move(submitted)]() mutable {
      take(std::move(submitted), [shared](const Reply& reply) {
        const auto executor = asio::get_associated_executor(*shared);
        asio::post(executor, [shared, copy = Reply(reply)]() mutable {
          std::move (*shared)(std::move(copy));
        });
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<asio::any_io_executor>&,
                                          void(Reply)>(std::move(start), asio::use_awaitable,
                                                       std::move(request));
}

void Shard::take(DeviceRequest request, Answer answer) {
  // Tokens are unique per connection only; here they must be unique per engine.
  const RequestToken token = ++last_token_;
  const RequestToken own =
      std::visit([token](auto& one) { return std::exchange(one.token, token); }, request);
  if (stopped_) {
    answer(stopping(own));
    return;
  }
  Waiter waiter;
  waiter.token = own;
  waiter.answer = std::move(answer);
  if (std::holds_alternative<PollRequest>(request)) waiter.what = What::polling;
  if (std::holds_alternative<StatusRequest>(request)) waiter.what = What::asking;
  waiter.claim = std::visit([](const auto& one) { return loggable(one.claim); }, request);
  waiter.since = services_.clock.monotonic();
  waiters_.emplace(token, std::move(waiter));
  carry_out(engine_.on_request(std::move(request)));
}

void Shard::post(std::function<Actions(RegistrationEngine&)> input) {
  asio::post(loop_, [this, input = std::move(input)] {
    if (!stopped_) carry_out(input(engine_));
  });
}

void Shard::carry_out(Actions actions) {
  for (const Action& action : actions) {
    std::visit([this](const auto& one) { carry_out(one); }, action);
  }
  arm_timer();
}

void Shard::arm_timer() {
  const auto wake = engine_.next_wake();
  if (!wake) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(std::max(MonotonicTime{0}, *wake - services_.clock.monotonic()));
  timer_.async_wait([this](const boost::system::error_code& failed) {
    if (!failed && !stopped_) carry_out(engine_.on_time());
  });
}

void Shard::carry_out(const RequestFence& action) {
  services_.coordinator.fence(action.tenant, [this, action] {
    post([action](RegistrationEngine& engine) {
      return engine.on_fence(action.tenant, action.ticket);
    });
  });
}

void Shard::carry_out(const LookBack& action) {
  services_.coordinator.look_back(action.tenant, action.registration_id, [this, action] {
    post([action](RegistrationEngine& engine) {
      return engine.on_look_back(action.tenant, action.registration_id);
    });
  });
}

void Shard::carry_out(const JournalIntent& action) {
  services_.journal.write(
      action, [this, ref = action.operation](const Result<store::Committed>& committed) {
        post([ref, result = without_value(committed)](RegistrationEngine& engine) {
          return engine.on_journaled(ref, result);
        });
      });
}

void Shard::carry_out(const JournalOutcome& action) {
  services_.journal.write(
      action, [this, ref = action.operation](const Result<store::Committed>& committed) {
        post([ref, result = without_value(committed)](RegistrationEngine& engine) {
          return engine.on_journaled(ref, result);
        });
      });
}

void Shard::carry_out(const RecordAttempt& action) {
  services_.journal.record(action);
}

void Shard::carry_out(const AskAllocation& action) {
  services_.webhooks.ask(action, [this, ref = action.operation](
                                     const Result<domain::CustomAllocationAnswer>& answer) {
    post([ref, answer](RegistrationEngine& engine) { return engine.on_allocation(ref, answer); });
  });
}

void Shard::carry_out(const ApplyToHub& action) {
  hub_link_.run(
      action.operation.tenant, action.hub,
      [&action](hub::HubConnector& connector) { return connector.upsert(action.identity); },
      [this, ref = action.operation](const Result<hub::HubOutcome>& outcome) {
        post([ref, outcome](RegistrationEngine& engine) {
          return engine.on_hub_outcome(ref, outcome);
        });
      });
}

void Shard::carry_out(const ReadTwin& action) {
  hub_link_.run(
      action.operation.tenant, action.hub,
      [&action](hub::HubConnector& connector) { return connector.read_twin(action.device_id); },
      [this, ref = action.operation](const Result<hub::HubOutcome>& outcome) {
        post([ref, outcome](RegistrationEngine& engine) {
          return engine.on_hub_outcome(ref, outcome);
        });
      });
}

void Shard::carry_out(const SendReply& action) {
  const auto found = waiters_.find(action.reply.token);
  if (found == waiters_.end()) return;
  const Waiter waiter = std::move(found->second);
  waiters_.erase(found);
  Reply reply = action.reply;
  reply.token = waiter.token;
  waiter.answer(reply);
  note_operation(waiter, reply);
}

void Shard::note_operation(const Waiter& waiter, const Reply& reply) {
  const auto* const refusal = std::get_if<Refusal>(&reply.content);
  const auto* const operation = std::get_if<OperationReply>(&reply.content);
  // A device asks again and again while it is being assigned; that is no news.
  if (waiter.what == What::polling && operation != nullptr &&
      operation->status.status == domain::RegistrationStatus::assigning) {
    return;
  }
  runtime::Diagnostic line;
  line.category = runtime::kDeviceOperations;
  switch (waiter.what) {
    case What::registering: line.operation_name = "Register"; break;
    case What::polling: line.operation_name = "GetOperationStatus"; break;
    case What::asking: line.operation_name = "GetRegistration"; break;
  }
  line.operation_version = waiter.claim.api_version;
  line.source = waiter.claim.source;
  line.correlation_id = reply.tracking_id;
  line.duration = services_.clock.monotonic() - waiter.since;
  line.result_type = "Success";
  if (refusal != nullptr) {
    line.status = protocol::device_error(refusal->code).http_status();
    line.succeeded = false;
    line.result_type = runtime::result_type_of(line.status);
    line.description = waiter.refused_because;
  } else if (operation != nullptr &&
             operation->status.status == domain::RegistrationStatus::failed) {
    line.succeeded = false;
    line.result_type = "Failure";
    const auto& result = operation->status.result;
    if (result && result->registration.last_attempt) {
      line.description = result->registration.last_attempt->reason;
    }
  }
  line.service = waiter.claim.id_scope;
  line.location = location_;
  line.object_id = waiter.claim.registration_id;
  line.object_type = "Registration";
  line.protocol = runtime::protocol_label(waiter.claim.protocol);
  runtime::write_diagnostic(services_.log, line);
}

void Shard::carry_out(const Refused& action) {
  const auto waiter = waiters_.find(action.token);
  if (waiter != waiters_.end()) waiter->second.refused_because = action.error.reason;
  services_.journal.note(action, services_.clock.monotonic());
}

void Shard::carry_out(const Log& action) {
  const auto level =
      action.level == Log::Level::warning ? runtime::LogLevel::warning : runtime::LogLevel::info;
  std::vector<runtime::LogField> fields;
  const auto add = [&fields](std::string_view key, const std::string& value) {
    if (!value.empty()) fields.emplace_back(key, value);
  };
  add("idScope", action.tenant);
  add("registrationId", action.registration_id);
  add("source", action.source);
  add("trackingId", action.tracking_id);
  services_.log.write(level, action.text, fields);
}

void Shard::carry_out(const Count& action) {
  switch (action.what) {
    case Count::What::registration_attempt:
      counts_.registration_attempt(action.tenant, action.hub, action.succeeded);
      break;
    case Count::What::attestation_attempt:
      counts_.attestation_attempt(action.tenant, action.protocol, action.succeeded);
      break;
    case Count::What::device_assignment:
      counts_.device_assignment(action.tenant, action.hub);
      break;
  }
}

}  // namespace berth::gateway
