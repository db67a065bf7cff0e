// The uplink against a scripted coordinator: what is told to whoever asked holds in the store, and
// nothing waits past the session.
#include "gateway/core/cache/uplink.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/protocol/sync/session_coordinator.hpp"
#include "shared/store/memory/memory_store.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;
using gateway::Uplink;

namespace {

const domain::IdScope kTenant("0ne00000A0A");
const std::string kIncarnation = "11111111111111111111111111111111";

}  // namespace

TEST_GROUP(Uplink) {
  testing::FakeClock clock;
  testing::FakeEntropy entropy{1};
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  store::MemoryStore store;
  std::unique_ptr<gateway::OutboxNumbers> numbers;
  std::unique_ptr<gateway::TrustedTime> time;
  gateway::KnownAbsent absent;
  std::atomic<std::uint64_t> generation{1};
  std::vector<std::string> notices;
  std::unique_ptr<Uplink> uplink;
  std::unique_ptr<sync::CoordinatorSession> coordinator;

  void setup() override {
    CHECK(store.create_tenant(store::kNode).has_value());
    auto opened = gateway::OutboxNumbers::open(store, entropy);
    CHECK(opened.has_value());
    numbers = std::make_unique<gateway::OutboxNumbers>(std::move(*opened));
    time = std::make_unique<gateway::TrustedTime>(clock, WallTime{});
    Uplink::Settings settings;
    settings.gateway_id = domain::GatewayId("aa");
    settings.boot_id = "boot";
    settings.software = "test";
    const Uplink::Services services{
        store,
        *numbers,
        *time,
        absent,
        generation,
        *crypto,
        clock,
        entropy,
        [this](const gateway::UplinkNotice& notice) { notices.push_back(notice.text); }};
    auto queue = gateway::OutboxQueue::load(store, {});
    CHECK(queue.has_value());
    uplink = std::make_unique<Uplink>(settings, services, std::move(*queue));
  }
  void teardown() override {
    uplink.reset();
    coordinator.reset();
  }

  void connect() {
    CHECK(uplink->begin().has_value());
    coordinator = std::make_unique<sync::CoordinatorSession>(clock.monotonic());
    exchange();
  }

  // Until nothing moves: bytes both ways, writes at once.
  void exchange() {
    for (bool is_moving = true; is_moving;) {
      is_moving = false;
      while (uplink->has_output()) {
        coordinator->receive(uplink->take_output(), clock.monotonic());
        is_moving = true;
      }
      while (coordinator->has_output()) {
        uplink->receive(coordinator->take_output());
        is_moving = true;
      }
      is_moving = write() || is_moving;
    }
  }

  // What an adapter does with a write.
  bool write() {
    const auto build = uplink->next_write();
    if (!build) return false;
    auto set = (*build)(store);
    uplink->written(set ? store::commit_one(store, std::move(*set))
                        : Result<store::Committed>(set.error()));
    return true;
  }

  void welcome() {
    sync::Welcome message;
    message.coordinator_id = domain::CoordinatorId("cc");
    message.wall = clock.wall();
    message.tenants = {kTenant};
    coordinator->send(message);
    exchange();
  }

  void snapshot(std::uint64_t sequence) {
    sync::SnapshotBegin begin;
    begin.tenant = kTenant;
    begin.number = 1;
    begin.incarnation = kIncarnation;
    begin.scope_version = 1;
    begin.digest_key = SecretBytes(Bytes(32, 7));
    coordinator->send(begin);
    coordinator->send(sync::SnapshotEnd{kTenant, 1, sequence});
    exchange();
  }

  template <class Message>
  std::optional<Message> asked() {
    for (auto& event : coordinator->take_events()) {
      if (auto* message = std::get_if<Message>(&event)) return std::move(*message);
    }
    return std::nullopt;
  }

  static domain::RegistrationId id(const std::string& text) {
    return *domain::RegistrationId::parse(text);
  }
};

TEST(Uplink, GreetsWithWhatItIsAndHolds) {
  connect();
  const auto hello = asked<sync::Hello>();
  CHECK(hello.has_value());
  CHECK(hello->gateway_id.str() == "aa");
  CHECK(hello->outbox_incarnation == numbers->incarnation());
  CHECK(hello->positions.empty());
  CHECK_FALSE(uplink->connected());
}

TEST(Uplink, IsLinkedOnceTheSnapshotIsInTheStore) {
  connect();
  welcome();
  CHECK(uplink->connected());
  CHECK_FALSE(uplink->linked(kTenant));
  snapshot(5);
  CHECK(uplink->linked(kTenant));
  const auto cursor = gateway::read_cursor(store, kTenant);
  CHECK(cursor.has_value());
  LONGS_EQUAL(5, cursor->sequence);
  CHECK(generation.load() > 1);
}

TEST(Uplink, AnswersAFenceWhenTheCopyHasReachedTheHead) {
  connect();
  welcome();
  snapshot(5);
  bool is_reached = false;
  uplink->fence(kTenant, [&] { is_reached = true; });
  exchange();
  const auto request = asked<sync::HeadRequest>();
  CHECK(request.has_value());
  coordinator->send(sync::HeadReply{request->request_id, kTenant, 6});
  exchange();
  CHECK_FALSE(is_reached);
  coordinator->send(sync::Changes{kTenant, 5, 6, {}});
  exchange();
  CHECK(is_reached);
}

TEST(Uplink, RemembersThatTheCoordinatorKnowsNoSuchRegistration) {
  connect();
  welcome();
  snapshot(5);
  bool is_answered = false;
  uplink->look_back(kTenant, id("dev-1"), [&] { is_answered = true; });
  exchange();
  const auto request = asked<sync::LookBackRequest>();
  CHECK(request.has_value());
  CHECK(request->registration_id == id("dev-1"));
  CHECK_FALSE(absent.contains(kTenant, id("dev-1")));
  sync::LookBackReply reply;
  reply.request_id = request->request_id;
  reply.tenant = kTenant;
  reply.registration = {store::Table::registration, "dev-1", 0, std::nullopt};
  coordinator->send(reply);
  exchange();
  CHECK(is_answered);
  CHECK(absent.contains(kTenant, id("dev-1")));
}

TEST(Uplink, GivesNoAnswerAtOnceWithoutASession) {
  bool is_fenced = false;
  bool is_looked_back = false;
  uplink->fence(kTenant, [&] { is_fenced = true; });
  uplink->look_back(kTenant, id("dev-1"), [&] { is_looked_back = true; });
  CHECK(is_fenced);
  CHECK(is_looked_back);
  CHECK_FALSE(absent.contains(kTenant, id("dev-1")));
}

TEST(Uplink, ReleasesWhatWaitsWhenTheSessionEnds) {
  connect();
  welcome();
  snapshot(5);
  int released = 0;
  uplink->fence(kTenant, [&] { ++released; });
  uplink->look_back(kTenant, id("dev-1"), [&] { ++released; });
  exchange();
  LONGS_EQUAL(0, released);
  uplink->because("the cable was pulled");
  const auto ending = uplink->end();
  LONGS_EQUAL(2, released);
  CHECK(ending.was_open);
  CHECK(ending.reason == "the cable was pulled");
  CHECK_FALSE(uplink->linked(kTenant));
  CHECK_FALSE(uplink->connected());
}

TEST(Uplink, TriesAWriteAgainThatTheDiskRefused) {
  connect();
  welcome();
  sync::SnapshotBegin begin;
  begin.tenant = kTenant;
  begin.number = 1;
  begin.incarnation = kIncarnation;
  begin.digest_key = SecretBytes(Bytes(32, 7));
  coordinator->send(begin);
  while (coordinator->has_output()) uplink->receive(coordinator->take_output());
  CHECK(uplink->next_write().has_value());
  uplink->written(Error{Errc::io, "the disk is full"});
  CHECK_FALSE(uplink->next_write().has_value());
  CHECK(uplink->next_write_at() == clock.monotonic() + gateway::kFirstCommitRetry);
  clock.advance(gateway::kFirstCommitRetry);
  // Ever later, up to the last pause.
  std::chrono::milliseconds pause = gateway::kFirstCommitRetry;
  for (int i = 0; i < 10; ++i) {
    CHECK(uplink->next_write().has_value());
    uplink->written(Error{Errc::io, "the disk is full"});
    pause = std::min(pause * 2, gateway::kLastCommitRetry);
    CHECK(uplink->next_write_at() == clock.monotonic() + pause);
    clock.advance(pause - std::chrono::milliseconds{1});
    CHECK_FALSE(uplink->next_write().has_value());
    clock.advance(std::chrono::milliseconds{1});
  }
  CHECK(pause == gateway::kLastCommitRetry);
  CHECK(write());
  CHECK_FALSE(uplink->is_writing());
}

TEST(Uplink, KeepsWhatItKnowsOfACleanUpThatTheCoordinatorAsksForAgain) {
  connect();
  welcome();
  snapshot(5);
  domain::CleanupTask task;
  task.hub_id = domain::HubId("22222222222222222222222222222222");
  task.device_id = domain::DeviceId("Press-1");
  task.registration_id = id("Press-1");
  coordinator->send(sync::CleanupRequest{1, kTenant, task});
  exchange();
  CHECK(asked<sync::CleanupReply>().has_value());
  const auto held = [this] {
    const auto page = store.list(kTenant, store::Table::cleanup, "", 10);
    CHECK(page.has_value());
    LONGS_EQUAL(1, page->records.size());
    return page->records.front();
  };
  store::Change disabled;
  disabled.table = store::Table::cleanup;
  disabled.id = held().id;
  task.phase = domain::CleanupTask::Phase::remove;
  disabled.body = sync::encode(task);
  store::ChangeSet set;
  set.tenant = kTenant;
  set.changes.push_back(std::move(disabled));
  CHECK(store::commit_one(store, std::move(set)).has_value());

  task.phase = domain::CleanupTask::Phase::disable;
  coordinator->send(sync::CleanupRequest{2, kTenant, task});
  exchange();
  CHECK(asked<sync::CleanupReply>().has_value());
  const auto kept = sync::decode<domain::CleanupTask>(held().body);
  CHECK(kept.has_value());
  CHECK(kept->phase == domain::CleanupTask::Phase::remove);
}

TEST(Uplink, SaysWhyTheCoordinatorRefuses) {
  connect();
  coordinator->refuse(Errc::disabled, "this gateway was disabled");
  exchange();
  CHECK(uplink->closed());
  const auto ending = uplink->end();
  CHECK_FALSE(ending.was_open);
  STRCMP_CONTAINS("this gateway was disabled", ending.reason.c_str());
}

TEST(Uplink, HasTheCoordinatorCallAWebhookAndHandsOnItsAnswer) {
  connect();
  welcome();
  std::optional<sync::WebhookReply> answer;
  uplink->call_webhook(kTenant, {true, "grp-1", 3}, "{}",
                       [&answer](sync::WebhookReply reply) { answer = std::move(reply); });
  exchange();
  const auto request = asked<sync::WebhookRequest>();
  CHECK(request.has_value());
  CHECK(request->tenant == kTenant);
  CHECK(request->enrollment == (domain::EnrollmentRef{true, "grp-1", 3}));
  STRCMP_EQUAL("{}", request->body.c_str());
  coordinator->send(sync::WebhookReply{request->request_id + 1, 200, "another's", ""});
  exchange();
  CHECK_FALSE(answer.has_value());
  coordinator->send(sync::WebhookReply{request->request_id, 200, "its own", ""});
  exchange();
  CHECK(answer.has_value());
  STRCMP_EQUAL("its own", answer->body.c_str());
}

TEST(Uplink, CallsNoWebhookPastTheSessionOrTheLimit) {
  std::vector<std::uint32_t> statuses;
  const auto call = [&](std::size_t size) {
    uplink->call_webhook(
        kTenant, {true, "grp-1", 3}, std::string(size, ' '),
        [&statuses](const sync::WebhookReply& reply) { statuses.push_back(reply.status); });
  };
  call(2);
  LONGS_EQUAL(1, statuses.size());  // not connected
  connect();
  welcome();
  call(sync::kMaxWebhookBody + 1);
  LONGS_EQUAL(2, statuses.size());
  call(sync::kMaxWebhookBody);
  exchange();
  LONGS_EQUAL(2, statuses.size());
  static_cast<void>(uplink->end());
  LONGS_EQUAL(3, statuses.size());
  for (const std::uint32_t status : statuses) LONGS_EQUAL(0, status);
}
