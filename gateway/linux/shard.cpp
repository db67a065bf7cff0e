#include "gateway/linux/shard.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/core/limits.hpp"

namespace berth::gateway {
namespace {

namespace asio = boost::asio;

std::string_view name_of(domain::DeviceProtocol protocol) {
  switch (protocol) {
    case domain::DeviceProtocol::https: return "https";
    case domain::DeviceProtocol::mqtt: return "mqtt";
    case domain::DeviceProtocol::mqtt_ws: return "mqtt_ws";
    case domain::DeviceProtocol::amqp: return "amqp";
    case domain::DeviceProtocol::amqp_ws: return "amqp_ws";
    case domain::DeviceProtocol::coap: return "coap";
  }
  return "unknown";
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
                               services.hub_reach}) {}

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
  waiters_.emplace(token, Waiter{own, std::move(answer)});
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
  const std::string status = action.succeeded ? "Success" : "Failure";
  switch (action.what) {
    case Count::What::registration_attempt:
      services_.metrics
          .counter("berth_registration_attempts_total", "registration attempts",
                   {{"tenant", action.tenant.str()}, {"hub", action.hub}, {"status", status}})
          .add();
      break;
    case Count::What::attestation_attempt:
      services_.metrics
          .counter("berth_attestation_attempts_total", "attestation attempts",
                   {{"tenant", action.tenant.str()},
                    {"protocol", std::string(name_of(action.protocol))},
                    {"status", status}})
          .add();
      break;
    case Count::What::device_assignment:
      services_.metrics
          .counter("berth_device_assignments_total", "devices assigned to a hub",
                   {{"tenant", action.tenant.str()}, {"hub", action.hub}})
          .add();
      break;
  }
}

}  // namespace berth::gateway
