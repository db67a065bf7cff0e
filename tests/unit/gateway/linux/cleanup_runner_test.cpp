#include "gateway/linux/cleanup_runner.hpp"

#include <CppUTest/TestHarness.h>

#include "gateway/core/cache/applier.hpp"
#include "gateway/linux/store_writer.hpp"
#include "shared/json/dynamic_security_json.hpp"
#include "shared/json/hub_json.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/unit/gateway/linux/fake_log.hpp"
#include "tests/unit/gateway/linux/hub_server.hpp"
#include "tests/unit/gateway/linux/plain_tls.hpp"
#include "tests/unit/gateway/linux/written.hpp"

using namespace berth;
using namespace berth::testing;
using namespace berth::gateway;
using domain::CleanupTask;
using store::Table;

namespace {

const domain::IdScope kTenant("0ne00000001");
const domain::HubId kHub("0123456789abcdef0123456789abcdef");
const domain::CoordinatorId kOwner("coordinator-1");

domain::RegistrationId id() {
  return domain::RegistrationId::parse("Press-1").value();
}

// Answers at once with what a test put into the store.
class Coordinator final : public CoordinatorQuestions {
 public:
  bool linked(const domain::IdScope&) const override { return is_linked; }
  void fence(const domain::IdScope&, std::function<void()> done) override { done(); }
  void look_back(const domain::IdScope&, const domain::RegistrationId&,
                 std::function<void()> done) override {
    ++look_backs;
    if (on_look_back) on_look_back();
    done();
  }
  bool is_linked = true;
  int look_backs = 0;
  std::function<void()> on_look_back;
};

}  // namespace

TEST_GROUP(CleanupRunner) {
  Loop loop_;
  MemoryStore store_;
  FakeClock clock_;
  FakeLog log_;
  PlainTls tls_;
  json::IotHubBodyCodec json_;
  json::DynamicSecurityJson broker_json_;
  FakeEntropy entropy_;
  gateway::HubTraffic traffic_{loop_.executor(), clock_};
  Coordinator coordinator_;
  std::function<void(const http::Request&)> on_request_;
  std::unique_ptr<HubServer> server_;
  std::unique_ptr<StoreWriter> writer_;
  std::unique_ptr<HubLink> hubs_;
  std::unique_ptr<CleanupRunner> runner_;
  std::string status_ = "enabled";
  std::string owner_ = hub::ownership_marker(kOwner);

  void setup() override {
    CHECK(store_.create_tenant(store::kNode).has_value());
    CHECK(store_.create_tenant(kTenant).has_value());
    server_ = std::make_unique<HubServer>(loop_, [this](const http::Request& request) {
      if (on_request_) on_request_(request);
      http::Response response;
      response.body = R"({"deviceId":"Press-1","etag":"e1","status":")" + status_ +
                      R"(","statusReason":")" + owner_ +
                      R"(","authentication":{"type":"sas"},"capabilities":{"iotEdge":false}})";
      return response;
    });
    writer_ = std::make_unique<StoreWriter>(store_);
    hubs_ = std::make_unique<HubLink>(
        loop_.executor(), gateway::TurnKind::cleanup, kOwner, std::vector<Bytes>{},
        HubLink::Ports{store_, traffic_, tls_, clock_, entropy_, json_, broker_json_});
    runner_ = std::make_unique<CleanupRunner>(loop_.executor(), store_, *writer_, *hubs_,
                                              coordinator_, clock_, log_);
    domain::LinkedHub hub;
    hub.hub_id = kHub;
    hub.host_name = "hub.example";
    hub.registry_url = server_->url();
    put(Table::linked_hub, kHub.str(), sync::encode(hub));
    put(Table::hub_token, kHub.str(),
        sync::encode(domain::HubToken{kHub, SecretBytes::copy_of(as_bytes("token")),
                                      clock_.wall() + std::chrono::hours{10}}));
  }
  void teardown() override {
    hubs_->stop();
    loop_.io().restart();
    loop_.io().poll();
    hubs_.reset();
    server_->stop();
    loop_.drain();
  }

  void put(Table table, const std::string& key, Bytes body) {
    store::Change change;
    change.table = table;
    change.id = key;
    change.body = std::move(body);
    store::ChangeSet set;
    set.tenant = kTenant;
    set.changes.push_back(std::move(change));
    CHECK(store::commit_one(store_, std::move(set)).has_value());
  }
  void ask_for(CleanupTask::Phase phase, const std::string& etag = "e1",
               const std::string& device = "Press-1") {
    CleanupTask task;
    task.hub_id = kHub;
    task.device_id = domain::DeviceId(device);
    task.registration_id = id();
    task.hub_etag = etag;
    task.not_before = clock_.wall();
    task.phase = phase;
    put(Table::cleanup, kHub.str() + "/" + device, sync::encode(task));
  }
  void register_at(const domain::HubId& hub) {
    domain::Registration registration;
    registration.registration_id = id();
    registration.status = domain::RegistrationStatus::assigned;
    registration.hub_id = hub;
    registration.device_id = domain::DeviceId("Press-1");
    put(Table::registration, "press-1", sync::encode(registration));
  }
  void open_intent() {
    domain::Intent intent;
    intent.registration_id = id();
    put(Table::intent, "press-1", sync::encode(intent));
  }
  std::optional<CleanupTask> task() {
    const auto record = store_.read(kTenant, Table::cleanup, kHub.str() + "/Press-1");
    if (!record->has_value()) return std::nullopt;
    return sync::decode<CleanupTask>((*record)->body).value();
  }
  void look() {
    loop_.run(runner_->look());
    // What it submitted is written before this.
    Written written;
    writer_->submit(store::ChangeSet{}, written.done());
    CHECK(written.wait().has_value());
  }
  std::size_t writes() const {
    std::size_t count = 0;
    for (const auto& request : server_->requests) count += request.method == "GET" ? 0 : 1;
    return count;
  }
};

TEST(CleanupRunner, DisablesFirstAndDeletesAfterTheGracePeriod) {
  ask_for(CleanupTask::Phase::disable);
  look();
  STRCMP_EQUAL("PUT", server_->requests.back().method.c_str());
  CHECK(task()->phase == CleanupTask::Phase::remove);
  CHECK(task()->not_before == clock_.wall() + kCleanupGrace);
  STRCMP_EQUAL("e1", task()->hub_etag.c_str());

  const auto asked = server_->requests.size();
  clock_.advance(kCleanupGrace - std::chrono::seconds{1});
  look();
  LONGS_EQUAL(asked, server_->requests.size());
  clock_.advance(std::chrono::seconds{1});
  look();
  STRCMP_EQUAL("DELETE", server_->requests.back().method.c_str());
  CHECK_FALSE(task().has_value());
}

TEST(CleanupRunner, SparesWhatTheRegistrationNames) {
  register_at(kHub);
  ask_for(CleanupTask::Phase::disable);
  look();
  LONGS_EQUAL(0, writes());
  CHECK_FALSE(task().has_value());
}

TEST(CleanupRunner, EnablesWhatIsWantedAndWasDisabledByAnAttemptThatWasNotNoted) {
  status_ = "disabled";
  register_at(kHub);
  ask_for(CleanupTask::Phase::disable);
  look();
  LONGS_EQUAL(1, writes());
  CHECK(server_->requests.back().body.find(R"("status":"enabled")") != std::string::npos);
  CHECK_FALSE(task().has_value());
}

TEST(CleanupRunner, EnablesAtOnceWhatTurnsOutToBeWanted) {
  ask_for(CleanupTask::Phase::disable);
  look();
  CHECK(task()->phase == CleanupTask::Phase::remove);
  status_ = "disabled";
  register_at(kHub);
  look();
  STRCMP_EQUAL("PUT", server_->requests.back().method.c_str());
  CHECK(server_->requests.back().body.find(R"("status":"enabled")") != std::string::npos);
  CHECK_FALSE(task().has_value());
}

TEST(CleanupRunner, LooksOnceMoreForAnAttemptThatMayStillBeOnItsWay) {
  owner_ = "nobody";  // what is there is not ours
  ask_for(CleanupTask::Phase::disable, "");
  look();
  CHECK(task()->not_before == clock_.wall() + kCleanupGrace);
  owner_ = hub::ownership_marker(kOwner);
  clock_.advance(kCleanupGrace);
  look();
  // Disabled first, as ever.
  STRCMP_EQUAL("PUT", server_->requests.back().method.c_str());
  STRCMP_EQUAL("e1", task()->hub_etag.c_str());
  clock_.advance(kCleanupGrace);
  look();
  STRCMP_EQUAL("DELETE", server_->requests.back().method.c_str());
  CHECK_FALSE(task().has_value());
}

TEST(CleanupRunner, ForgetsWhatDidNotComeByTheSecondLook) {
  owner_ = "nobody";
  ask_for(CleanupTask::Phase::disable, "");
  look();
  clock_.advance(kCleanupGrace);
  look();
  LONGS_EQUAL(0, writes());
  CHECK_FALSE(task().has_value());
}

TEST(CleanupRunner, LeavesAnIdentityThatSomebodyElseWroteSinceForAWhile) {
  ask_for(CleanupTask::Phase::disable, "e0");
  look();
  LONGS_EQUAL(0, writes());
  clock_.advance(kCleanupGrace);
  look();
  STRCMP_EQUAL("PUT", server_->requests.back().method.c_str());
}

// A gateway that knew less took the identity up again after it was disabled.
TEST(CleanupRunner, BeginsAnewWithAnIdentityThatWasWrittenBetweenItsTwoLooks) {
  register_at(domain::HubId("fedcba9876543210fedcba9876543210"));
  ask_for(CleanupTask::Phase::remove, "e0");
  look();
  LONGS_EQUAL(0, writes());
  CHECK(task()->phase == CleanupTask::Phase::disable);
  STRCMP_EQUAL("", task()->hub_etag.c_str());
  look();
  STRCMP_EQUAL("PUT", server_->requests.back().method.c_str());
  clock_.advance(kCleanupGrace);
  look();
  STRCMP_EQUAL("DELETE", server_->requests.back().method.c_str());
  CHECK_FALSE(task().has_value());
}

TEST(CleanupRunner, RemovesWhatTheRegistrationLeft) {
  register_at(domain::HubId("fedcba9876543210fedcba9876543210"));
  ask_for(CleanupTask::Phase::remove);
  look();
  CHECK_FALSE(task().has_value());
  LONGS_EQUAL(1, writes());
}

TEST(CleanupRunner, WaitsWhileTheDeviceIsRegistering) {
  open_intent();
  ask_for(CleanupTask::Phase::remove);
  look();
  CHECK(server_->requests.empty());
  CHECK(task().has_value());
}

TEST(CleanupRunner, DoesNotWaitForARegistrationThatCannotBeReadAndWasGivenUp) {
  put(Table::intent, "press-1", to_bytes("what is this"));
  ask_for(CleanupTask::Phase::remove);
  look();
  LONGS_EQUAL(1, writes());
  CHECK_FALSE(task().has_value());
}

TEST(CleanupRunner, SparesADeviceThatComesBackWhileTheIdentityIsRead) {
  ask_for(CleanupTask::Phase::disable);
  on_request_ = [this](const http::Request& request) {
    if (request.method == "GET") open_intent();
  };
  look();
  LONGS_EQUAL(1, server_->requests.size());
  LONGS_EQUAL(0, writes());
  CHECK(task()->phase == CleanupTask::Phase::disable);
}

TEST(CleanupRunner, WithoutAnEtagAsksTheCoordinatorFirst) {
  ask_for(CleanupTask::Phase::disable, "");
  coordinator_.on_look_back = [this] { register_at(kHub); };
  look();
  LONGS_EQUAL(1, coordinator_.look_backs);
  LONGS_EQUAL(0, writes());
  CHECK_FALSE(task().has_value());
}

TEST(CleanupRunner, WithoutAnEtagWaitsForTheLink) {
  ask_for(CleanupTask::Phase::disable, "");
  coordinator_.is_linked = false;
  look();
  CHECK(server_->requests.empty());
  CHECK(task()->phase == CleanupTask::Phase::disable);
  coordinator_.is_linked = true;
  look();
  CHECK(task()->phase == CleanupTask::Phase::remove);
}

TEST(CleanupRunner, LeavesATaskThatWasWrittenAnewMeanwhile) {
  ask_for(CleanupTask::Phase::remove);
  on_request_ = [this](const http::Request& request) {
    if (request.method == "DELETE") ask_for(CleanupTask::Phase::disable);
  };
  look();
  CHECK(task()->phase == CleanupTask::Phase::disable);
}

TEST(CleanupRunner, DropsWhatStandsInAHubThatIsNoLongerLinked) {
  ask_for(CleanupTask::Phase::remove);
  store::Change change;
  change.kind = store::Change::Kind::erase;
  change.table = Table::linked_hub;
  change.id = kHub.str();
  store::ChangeSet set;
  set.tenant = kTenant;
  set.changes.push_back(std::move(change));
  CHECK(store::commit_one(store_, std::move(set)).has_value());
  look();
  CHECK(task().has_value());  // a copy that is not complete proves nothing
  domain::Cursor cursor;
  cursor.incarnation = "1";
  cursor.snapshot_in_progress = 1;
  put(Table::cursor, gateway::kCursorId, sync::encode(cursor));
  look();
  CHECK(task().has_value());
  cursor.snapshot_in_progress = 0;
  put(Table::cursor, gateway::kCursorId, sync::encode(cursor));
  look();
  CHECK_FALSE(task().has_value());
  CHECK(server_->requests.empty());
}

TEST(CleanupRunner, AsksAHubThatIsAwayOnceARoundAndSaysSoOnce) {
  ask_for(CleanupTask::Phase::disable, "e1", "Press-1");
  ask_for(CleanupTask::Phase::disable, "e1", "Press-2");
  server_->stop();
  look();
  look();
  LONGS_EQUAL(1, log_.count("was not removed from its hub"));
  CHECK(task()->phase == CleanupTask::Phase::disable);
}
