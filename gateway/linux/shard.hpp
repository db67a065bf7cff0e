// One shard: a thread with its loop, and the registration engine that owns the devices which
// device_hash() places here. Listeners on any shard post requests to the owner; every answer the
// engine waits for is posted back to its thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/core/registration/engine.hpp"
#include "gateway/linux/hub_link.hpp"
#include "gateway/linux/journal.hpp"
#include "gateway/linux/record_cache.hpp"
#include "gateway/linux/webhook_link.hpp"
#include "shared/runtime/log.hpp"
#include "shared/runtime/metrics.hpp"
#include "shared/runtime/registration_metrics.hpp"
#include "shared/runtime/task.hpp"

namespace berth::gateway {

// What a shard asks of the link to the coordinator; answered on any thread, once, also when there
// is no answer.
class CoordinatorQuestions : public CoordinatorLink {
 public:
  virtual void fence(const domain::IdScope& tenant, std::function<void()> done) = 0;
  virtual void look_back(const domain::IdScope& tenant, const domain::RegistrationId& id,
                         std::function<void()> done) = 0;
};

class Shard {
 public:
  struct Services {
    const store::RecordStore& store;
    const std::atomic<std::uint64_t>& generation;
    const KnownAbsent& known_absent;
    Admission& admission;
    const Probe& probe;
    CoordinatorQuestions& coordinator;
    WebhookCalls& webhooks;
    Journal& journal;
    domain::CoordinatorId coordinator_id;
    std::vector<Bytes> machine_trust;
    ports::Crypto& crypto;
    ports::TlsLibrary& tls;
    ports::Clock& clock;
    ports::Entropy& entropy;
    HubTraffic& hub_traffic;
    hub::HubBodyCodec& hub_json;
    hub::dynsec::DynamicSecurityCodec& broker_json;
    runtime::Log& log;
    runtime::Metrics& metrics;
    runtime::Reach hub_reach = runtime::Reach::anywhere();
  };

  Shard(const EngineSettings& settings, const Services& services);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Before start(): the intents of this shard's devices.
  void restore(std::vector<JournaledIntent> intents);
  void start();
  // Ends the loop and joins the thread. What is accepted stays in the journal.
  void stop();
  // After stop() of all shards, on the caller's thread: refuses the requests that still wait here
  // and runs what is ready on the loop. False once there is nothing.
  bool settle();

  [[nodiscard]] boost::asio::any_io_executor executor() { return loop_.get_executor(); }

  // For what runs on this shard's executor.
  [[nodiscard]] const Cache& cache() const { return cache_; }

  // From any executor: the reply comes back on the caller's, with the request's own token.
  [[nodiscard]] runtime::Task<Reply> submit(DeviceRequest request);

 private:
  using Answer = std::function<void(const Reply&)>;
  // What the log of device operations says of a request.
  enum class What : std::uint8_t { registering, polling, asking };
  struct Waiter {
    RequestToken token = 0;  // the request's own
    Answer answer;
    What what = What::registering;
    Claim claim;  // without its proof
    MonotonicTime since{};
    std::string refused_because;
  };
  void take(DeviceRequest request, Answer answer);
  void carry_out(Actions actions);
  void carry_out(const RequestFence& action);
  void carry_out(const LookBack& action);
  void carry_out(const JournalIntent& action);
  void carry_out(const JournalOutcome& action);
  void carry_out(const RecordAttempt& action);
  void carry_out(const AskAllocation& action);
  void carry_out(const ApplyToHub& action);
  void carry_out(const ReadTwin& action);
  void carry_out(const SendReply& action);
  void carry_out(const Log& action);
  void carry_out(const Refused& action);
  // DPS's log category DeviceOperations (service API 8).
  void note_operation(const Waiter& waiter, const Reply& reply);
  void carry_out(const Count& action);
  // Runs `input` on this shard's thread and carries out what it gives.
  void post(std::function<Actions(RegistrationEngine&)> input);
  void arm_timer();

  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
  Services services_;
  RecordCache cache_;
  RegistrationEngine engine_;
  HubLink hub_link_;
  runtime::RegistrationMetrics counts_;
  std::string location_;  // this gateway, for the log of device operations
  bool stopped_ = false;  // the thread is gone, its state is the caller's
  std::uint64_t last_token_ = 0;
  std::unordered_map<RequestToken, Waiter> waiters_;
  std::thread thread_;
};

}  // namespace berth::gateway
