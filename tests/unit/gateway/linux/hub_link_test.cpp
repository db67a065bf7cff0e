#include "gateway/linux/hub_link.hpp"

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "shared/json/dynamic_security_json.hpp"
#include "shared/json/hub_json.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "tests/support/broker_server.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/unit/gateway/linux/hub_server.hpp"
#include "tests/unit/gateway/linux/plain_tls.hpp"

using namespace berth;
using namespace berth::testing;
using gateway::HubLink;

namespace {

const domain::IdScope kTenant("0ne00000001");

// Asks the same thing again and again.
class Endless final : public hub::HubOperation {
 public:
  Endless() { std::get<http::Request>(request_).method = "GET"; }
  const hub::HubRequest& next() const override { return request_; }
  std::optional<Result<hub::HubOutcome>> receive(const hub::HubResponse&) override {
    return std::nullopt;
  }

 private:
  hub::HubRequest request_;
};

std::unique_ptr<hub::HubOperation> read_twin(hub::HubConnector& connector) {
  return connector.read_twin(domain::DeviceId("dev-1"));
}

}  // namespace

TEST_GROUP(HubLink) {
  Loop loop_;
  MemoryStore store_;
  FakeClock clock_;
  PlainTls tls_;
  json::IotHubBodyCodec json_;
  json::DynamicSecurityJson broker_json_;
  FakeEntropy entropy_;
  gateway::HubTraffic traffic_{loop_.executor(), clock_};
  int status_ = 404;
  std::string retry_after_;
  domain::HubToken token_;
  std::unique_ptr<HubServer> server_;
  std::unique_ptr<BrokerServer> broker_;  // where a test has one
  std::unique_ptr<HubLink> link_;
  domain::LinkedHub hub_;

  void setup() override {
    CHECK(store_.create_tenant(kTenant).has_value());
    server_ = std::make_unique<HubServer>(loop_, [this](const http::Request&) {
      http::Response response;
      response.status = status_;
      if (status_ == 404) response.headers.set("iothub-errorcode", "DeviceNotFound");
      if (!retry_after_.empty()) response.headers.set("Retry-After", retry_after_);
      response.body = "{}";
      return response;
    });
    hub_.hub_id = domain::HubId("0123456789abcdef0123456789abcdef");
    hub_.host_name = "hub.example";
    hub_.registry_url = server_->url();
    link_ = make_link();
    grant(clock_.wall() + std::chrono::hours{1});
  }
  void teardown() override {
    traffic_.stop();
    link_->stop();
    loop_.io().restart();
    loop_.io().poll();
    link_.reset();
    server_->stop();
    if (broker_) broker_->stop();
    loop_.drain();
  }

  std::unique_ptr<HubLink> make_link(HubLink::Patience patience = {}) {
    HubLink::Ports ports{store_, traffic_, tls_, clock_, entropy_, json_, broker_json_};
    ports.patience = patience;
    return std::make_unique<HubLink>(loop_.executor(), gateway::TurnKind::device,
                                     domain::CoordinatorId("c"), std::vector<Bytes>{Bytes{9}},
                                     ports);
  }
  // All of them at once, to their end.
  void run_together(std::size_t operations) {
    std::size_t ended = 0;
    for (std::size_t i = 0; i < operations; ++i) {
      link_->run(kTenant, hub_, read_twin, [&](const Result<hub::HubOutcome>&) { ++ended; });
    }
    run_until(loop_, [&] { return ended == operations; });
  }
  void grant(WallTime expiry, const std::string& user_name = {}) {
    token_.hub_id = hub_.hub_id;
    token_.authorization = SecretBytes::copy_of(as_bytes("SharedAccessSignature sr=x"));
    token_.expiry = expiry;
    token_.user_name = user_name;
    store::Change change;
    change.table = store::Table::hub_token;
    change.id = hub_.hub_id.str();
    change.body = sync::encode(token_);
    store::ChangeSet set;
    set.tenant = kTenant;
    set.changes.push_back(std::move(change));
    CHECK(store::commit_one(store_, std::move(set)).has_value());
  }
  Result<hub::HubOutcome> run(const HubLink::Start& start = read_twin) {
    std::optional<Result<hub::HubOutcome>> outcome;
    link_->run(kTenant, hub_, start, [&outcome](Result<hub::HubOutcome> ended) {
      CHECK_FALSE(outcome.has_value());
      outcome.emplace(std::move(ended));
    });
    run_until(loop_, [&outcome] { return outcome.has_value(); });
    return std::move(*outcome);
  }
};

TEST(HubLink, DrivesAnOperationToItsEnd) {
  const auto outcome = run();
  CHECK(outcome.has_value());
  CHECK_FALSE(outcome->found);
  LONGS_EQUAL(1, server_->requests.size());
}

TEST(HubLink, ShowsTheTokenThatTheCoordinatorMinted) {
  CHECK(run().has_value());
  STRCMP_EQUAL("SharedAccessSignature sr=x",
               std::string(server_->requests.front().headers.get("Authorization")).c_str());
}

TEST(HubLink, WithoutATokenTheHubIsUnavailable) {
  hub_.hub_id = domain::HubId("fedcba9876543210fedcba9876543210");
  const auto outcome = run();
  CHECK(outcome.error().code == Errc::unavailable);
  STRCMP_EQUAL("hub.example: the coordinator has not given this gateway a token for it",
               outcome.error().reason.c_str());
  CHECK(server_->requests.empty());
}

TEST(HubLink, ATokenIsGoodBeforeItsExpiryOnly) {
  grant(clock_.wall() + std::chrono::microseconds{1});
  CHECK(run().has_value());
  grant(clock_.wall());
  const auto outcome = run();
  CHECK(outcome.error().code == Errc::unavailable);
  CHECK(outcome.error().reason.find("the token for it expired at 2026-01-01T00:00:00Z") !=
        std::string::npos);
}

TEST(HubLink, AHubThatDoesNotAnswerIsUnavailable) {
  server_->stop();
  const auto outcome = run();
  CHECK(outcome.error().code == Errc::unavailable);
  CHECK(outcome.error().reason.starts_with("hub.example: "));
}

TEST(HubLink, GivesWhatTheConnectorMakesOfTheAnswer) {
  status_ = 401;
  CHECK(run().error().code == Errc::hub_unauthorized);
  status_ = 429;
  CHECK(run().error().code == Errc::throttled);
}

TEST(HubLink, EndsAnOperationThatDoesNotEnd) {
  const auto outcome = run([](hub::HubConnector&) { return std::make_unique<Endless>(); });
  CHECK(outcome.error().code == Errc::unavailable);
  LONGS_EQUAL(gateway::kMaxHubExchanges, server_->requests.size());
}

TEST(HubLink, TrustsTheCaOfTheHubAndNoOther) {
  hub_.trusted_ca = Bytes{1, 2, 3};
  CHECK(run().has_value());
  CHECK(tls_.trusted == (std::vector<std::vector<Bytes>>{{Bytes{1, 2, 3}}}));
}

TEST(HubLink, TrustsTheMachinesCasForAHubThatNamesNone) {
  CHECK(run().has_value());
  CHECK(run().has_value());
  // One connection for both.
  CHECK(tls_.trusted == (std::vector<std::vector<Bytes>>{{Bytes{9}}}));
}

TEST(HubLink, ConnectsAnewWhenALinkChanges) {
  CHECK(run().has_value());
  hub_.trusted_ca = Bytes{1};
  CHECK(run().has_value());
  LONGS_EQUAL(2, tls_.trusted.size());
}

TEST(HubLink, SpeaksToABrokerWithTheGatewaysOwnClient) {
  broker_ = std::make_unique<BrokerServer>(loop_);
  BrokerServer& broker = *broker_;
  broker.answer = [](const boost::json::object&) {
    return boost::json::object{{"error", "Role not found"}};
  };
  hub_.kind = domain::HubKind::mosquitto;
  hub_.registry_url = broker.url();
  grant(clock_.wall() + std::chrono::hours{1}, "berth-gateway-1");
  const auto outcome = run();
  CHECK(outcome.has_value());
  CHECK_FALSE(outcome->found);
  STRCMP_EQUAL("berth-gateway-1", broker.connects.front().username->c_str());
  CHECK(*broker.connects.front().password ==
        SecretBytes::copy_of(as_bytes("SharedAccessSignature sr=x")));
  // Another login is another connection.
  CHECK(run().has_value());
  LONGS_EQUAL(1, broker.connects.size());
  grant(clock_.wall() + std::chrono::hours{1}, "berth-gateway-2");
  CHECK(run().has_value());
  LONGS_EQUAL(2, broker.connects.size());
}

TEST(HubLink, ABrokerThatRefusesTheLoginIsAboutTheLink) {
  broker_ = std::make_unique<BrokerServer>(loop_);
  BrokerServer& broker = *broker_;
  broker.code = mqtt::ConnectCode::not_authorized;
  hub_.kind = domain::HubKind::mosquitto;
  hub_.registry_url = broker.url();
  CHECK(run().error().code == Errc::hub_unauthorized);
  broker.stop();
  loop_.io().poll();
}

TEST(HubLink, LeavesAHubAloneThatThrottles) {
  status_ = 429;
  retry_after_ = "120";
  CHECK(run().error().code == Errc::throttled);
  const std::size_t asked = server_->requests.size();
  link_->run(kTenant, hub_, read_twin, [](const Result<hub::HubOutcome>&) {});
  for (int i = 0; i < 50; ++i) loop_.io().poll();
  LONGS_EQUAL(asked, server_->requests.size());
}

TEST(HubLink, KeepsToItsShareOfTheHubsLimit) {
  token_.requests_per_minute = 30;
  grant(clock_.wall() + std::chrono::hours{1});
  for (int i = 0; i < 10; ++i) {
    link_->run(kTenant, hub_, read_twin, [](const Result<hub::HubOutcome>&) {});
  }
  run_until(loop_, [this] { return server_->requests.size() == 3; });
  for (int i = 0; i < 50; ++i) loop_.io().poll();
  LONGS_EQUAL(3, server_->requests.size());
}

TEST(HubLink, PutsOffWhatIsPastItsLimit) {
  std::size_t ended = 0;
  std::optional<Errc> put_off;
  for (std::size_t i = 0; i < gateway::kMaxHubOperations; ++i) {
    link_->run(kTenant, hub_, read_twin, [&](const Result<hub::HubOutcome>&) { ++ended; });
  }
  LONGS_EQUAL(0, ended);
  link_->run(kTenant, hub_, read_twin,
             [&](const Result<hub::HubOutcome>& outcome) { put_off = outcome.error().code; });
  CHECK(put_off == Errc::throttled);
  link_->stop();
  loop_.io().poll();
}

TEST(HubLink, KeepsSoManyConnectionsAndClosesOneMore) {
  run_together(gateway::kMaxIdleHubConnections);
  run_together(gateway::kMaxIdleHubConnections);
  LONGS_EQUAL(gateway::kMaxIdleHubConnections, server_->connections);
  run_together(gateway::kMaxIdleHubConnections + 1);
  LONGS_EQUAL(gateway::kMaxIdleHubConnections + 1, server_->connections);
  // The one more was not kept.
  run_together(gateway::kMaxIdleHubConnections + 1);
  LONGS_EQUAL(gateway::kMaxIdleHubConnections + 2, server_->connections);
}

TEST(HubLink, WaitsForAnAnswerForSoLongAndNotLonger) {
  CHECK(HubLink::Patience{}.registry == gateway::kHubTimeout);
  link_->stop();
  link_ = make_link({.registry = std::chrono::milliseconds{0}});
  CHECK(run().error().code == Errc::timed_out);
  link_->stop();
  link_ = make_link();
  CHECK(run().has_value());
}

TEST(HubLink, WaitsForABrokersAnswerForSoLongAndNotLonger) {
  CHECK(HubLink::Patience{}.broker == gateway::kBrokerTimeout);
  broker_ = std::make_unique<BrokerServer>(loop_);
  broker_->answer = [](const boost::json::object&) {
    return boost::json::object{{"error", "Role not found"}};
  };
  hub_.kind = domain::HubKind::mosquitto;
  hub_.registry_url = broker_->url();
  CHECK(run().has_value());
  link_->stop();
  broker_->is_silent = true;
  link_ = make_link({.broker = std::chrono::milliseconds{50}});
  CHECK(run().error().code == Errc::timed_out);
}

TEST(HubLink, RefusesOperationsOnceItIsStopped) {
  link_->stop();
  CHECK(run().error().code == Errc::unavailable);
}

TEST(HubLink, GoesToNoRegistryOutOfReach) {
  link_->stop();
  HubLink::Ports ports{store_, traffic_, tls_, clock_, entropy_, json_, broker_json_};
  ports.reach = runtime::Reach(runtime::Reach::Rules{});
  link_ =
      std::make_unique<HubLink>(loop_.executor(), gateway::TurnKind::device,
                                domain::CoordinatorId("c"), std::vector<Bytes>{Bytes{9}}, ports);
  const auto outcome = run();
  CHECK(outcome.error().code == Errc::unavailable);
  CHECK(outcome.error().reason.find("may not be called") != std::string::npos);
  LONGS_EQUAL(0, server_->requests.size());
}
