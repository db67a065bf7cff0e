// Shards that serve, over a store without a record, for suites of the endpoints in front of them.
// The clock stands still; the coordinator is asked and never answers.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <CppUTest/TestHarness.h>
#include <boost/asio/steady_timer.hpp>

#include "gateway/linux/prober.hpp"
#include "gateway/linux/record_cache.hpp"
#include "gateway/linux/shards.hpp"
#include "gateway/linux/store_writer.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/json/device_json.hpp"
#include "shared/json/dynamic_security_json.hpp"
#include "shared/json/hub_json.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/shared_clock.hpp"
#include "tests/unit/gateway/linux/fake_log.hpp"
#include "tests/unit/gateway/linux/plain_tls.hpp"

namespace berth::testing {

// Which requests wait for.
class MuteCoordinator final : public gateway::CoordinatorQuestions {
 public:
  bool linked(const domain::IdScope&) const override { return true; }
  void fence(const domain::IdScope&, std::function<void()>) override { note(); }
  void look_back(const domain::IdScope&, const domain::RegistrationId&,
                 std::function<void()>) override {
    note();
  }
  [[nodiscard]] std::size_t questions() const { return questions_; }

 private:
  void note() { ++questions_; }
  std::atomic<std::size_t> questions_{0};
};

class AbsentWebhooks final : public gateway::WebhookCalls {
 public:
  void ask(const gateway::AskAllocation&, Done done) override {
    done(Error{Errc::unavailable, "there is none here"});
  }
};

struct ServingShards {
  explicit ServingShards(const domain::IdScope& tenant) {
    CHECK(store.create_tenant(store::kNode).has_value());
    CHECK(store.create_tenant(tenant).has_value());
    permits = std::make_unique<gateway::PermitBook>(store, time);
    numbers = std::make_unique<gateway::OutboxNumbers>(
        gateway::OutboxNumbers::open(store, entropy).value());
    writer = std::make_unique<gateway::StoreWriter>(store);
    journal = std::make_unique<gateway::Journal>(*writer, *permits, *numbers,
                                                 [](const domain::IdScope&, std::uint64_t) {});
    const gateway::Shard::Services services{store,    generation,  known_absent,
                                            *permits, prober,      coordinator,
                                            webhooks, *journal,    domain::CoordinatorId("c"),
                                            {},       *crypto,     tls,
                                            clock,    entropy,     traffic,
                                            hub_json, broker_json, log,
                                            metrics};
    shards = std::make_unique<gateway::Shards>(1, gateway::EngineSettings{}, services);
    CHECK(shards->start(store).has_value());
  }
  ~ServingShards() {
    shards->stop();
    writer.reset();
  }
  ServingShards(const ServingShards&) = delete;
  ServingShards& operator=(const ServingShards&) = delete;

  [[nodiscard]] std::unique_ptr<gateway::Cache> cache() {
    return std::make_unique<gateway::RecordCache>(store, *crypto, generation, known_absent);
  }

  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  MemoryStore store;
  SharedClock clock;
  FakeEntropy entropy;
  FakeLog log;
  PlainTls tls;
  Loop main_loop;
  gateway::HubTraffic traffic{main_loop.executor(), clock};
  json::IotHubBodyCodec hub_json;
  json::DynamicSecurityJson broker_json;
  json::DpsBodyCodec body_json;
  runtime::Metrics metrics;
  gateway::KnownAbsent known_absent;
  std::atomic<std::uint64_t> generation{1};
  MuteCoordinator coordinator;
  AbsentWebhooks webhooks;
  gateway::Prober prober{[] { return std::vector<domain::LinkedHub>(); }};
  gateway::TrustedTime time{clock, WallTime{}};
  std::unique_ptr<gateway::PermitBook> permits;
  std::unique_ptr<gateway::OutboxNumbers> numbers;
  std::unique_ptr<gateway::StoreWriter> writer;
  std::unique_ptr<gateway::Journal> journal;
  std::unique_ptr<gateway::Shards> shards;
};

// Runs the loop until a thing is so. What other threads do wakes no loop, so it is looked for at
// least every so often.
inline void run_until(Loop& loop, const std::function<bool()>& is_so) {
  constexpr std::chrono::milliseconds kEvery{10};
  const auto end = std::chrono::steady_clock::now() + kLoopPatience;
  boost::asio::steady_timer timer(loop.io());
  while (!is_so() && std::chrono::steady_clock::now() < end) {
    timer.expires_after(kEvery);
    timer.async_wait([](const boost::system::error_code&) {});
    loop.io().restart();
    loop.io().run_one_until(end);
  }
  CHECK_TRUE(is_so());
}

}  // namespace berth::testing
