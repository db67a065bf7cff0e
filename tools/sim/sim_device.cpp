#include "tools/sim/sim_device.hpp"

#include <utility>
#include <variant>

#include "shared/protocol/sas_token.hpp"

namespace berth::sim {
namespace {

constexpr SimTime kSecond{1'000'000};
constexpr SimTime kAnswerTimeout = 10 * kSecond;
constexpr std::int64_t kTokenLifetime = 24 * 3600;
constexpr unsigned kRoams = 250;          // per mille, that it registers elsewhere
constexpr unsigned kGivesUpPolling = 50;  // that it begins again instead

}  // namespace

void SimDevice::after(SimTime delay, std::function<void()> what) {
  world_.scheduler.after(delay, [this, attempt = attempt_, what = std::move(what)] {
    if (attempt == attempt_) what();
  });
}

void SimDevice::start(SimTime delay) {
  ++attempt_;
  after(delay, [this] { register_again(); });
}

void SimDevice::settle(SimTime delay) {
  is_settling_ = true;
  settled_ = false;
  start(delay);
}

gateway::Claim SimDevice::claim() const {
  gateway::Claim claim;
  claim.id_scope = id_scope_;
  claim.registration_id = id_;
  const std::int64_t expiry = unix_seconds(kBeginning + world_.scheduler.now()) + kTokenLifetime;
  claim.sas_token = SecretBytes::copy_of(as_bytes(protocol::make_sas_token(
      id_scope_ + "/registrations/" + id_, key_, expiry, "registration", world_.crypto)));
  claim.source = id_;
  claim.api_version = "2021-06-01";
  return claim;
}

void SimDevice::register_again() {
  gateway_ = world_.random.chance(kRoams) ? world_.random.below(gateways_.size()) : home_;
  asked_ = world_.scheduler.now();
  gateway::RegisterRequest request;
  request.claim = claim();
  send(std::move(request));
}

void SimDevice::poll(const std::string& operation_id) {
  if (world_.random.chance(kGivesUpPolling)) return register_again();
  gateway::PollRequest request;
  request.claim = claim();
  request.operation_id = operation_id;
  send(std::move(request));
}

void SimDevice::send(gateway::DeviceRequest request) {
  auto& random = world_.random;
  const std::uint64_t attempt = ++attempt_;
  const Weather& weather = world_.weather;
  const unsigned times = random.chance(weather.duplicated) ? 2 : 1;
  for (unsigned i = 0; i < times; ++i) {
    if (random.chance(weather.lost)) continue;
    SimTime travel = world_.latency();
    if (i > 0 || random.chance(weather.delayed)) travel += random.between(kSecond, 20 * kSecond);
    world_.scheduler.after(travel, [this, attempt, at = gateway_, request] {
      gateways_.at(at)->submit(request, [this, attempt](const gateway::Reply& reply) {
        if (world_.random.chance(world_.weather.lost)) return;
        world_.scheduler.after(world_.latency(), [this, attempt, reply] { hear(attempt, reply); });
      });
    });
  }
  after(kAnswerTimeout, [this] {
    last_answer_ = "none";
    try_later(kSecond, 10 * kSecond);
  });
}

void SimDevice::try_later(SimTime from, SimTime to) {
  ++attempt_;
  after(world_.random.between(from, to), [this] { register_again(); });
}

void SimDevice::hear(std::uint64_t attempt, const gateway::Reply& reply) {
  if (attempt != attempt_) return;
  ++attempt_;
  if (const auto* refusal = std::get_if<gateway::Refusal>(&reply.content)) {
    last_answer_ = std::string("refused: ") + std::string(name_of(refusal->code));
    // Perhaps the other gateway's site may serve it.
    home_ = world_.random.below(gateways_.size());
    return try_later(5 * kSecond, 30 * kSecond);
  }
  const auto* operation = std::get_if<gateway::OperationReply>(&reply.content);
  if (operation == nullptr) return try_later(kSecond, 10 * kSecond);
  const auto& status = operation->status;
  switch (status.status) {
    case domain::RegistrationStatus::assigning:
      last_answer_ = "assigning";
      return after(operation->retry_after + world_.random.between(SimTime{0}, kSecond),
                   [this, id = status.operation_id] { poll(id); });
    case domain::RegistrationStatus::assigned: {
      last_answer_ = "assigned";
      const domain::Registration& registration = status.result->registration;
      told_ = Told{registration.assigned_hub, registration.device_id.str(), asked_,
                   world_.scheduler.now()};
      world_.trace.line(id_, "is told " + told_->hub);
      if (on_told) on_told(*this, *told_);
      settled_ = is_settling_;
      if (settled_) return;
      return try_later(20 * kSecond, 240 * kSecond);
    }
    case domain::RegistrationStatus::unassigned:
    case domain::RegistrationStatus::failed:
    case domain::RegistrationStatus::disabled: break;
  }
  last_answer_ = "failed";
  try_later(10 * kSecond, 60 * kSecond);
}

}  // namespace berth::sim
