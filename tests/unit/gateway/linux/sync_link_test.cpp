#include "gateway/linux/sync_link.hpp"

#include <deque>

#include <CppUTest/TestHarness.h>

#include "gateway/core/cache/permit.hpp"
#include "gateway/core/limits.hpp"
#include "gateway/linux/store_writer.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/runtime/plain_engine.hpp"
#include "shared/runtime/task_group.hpp"
#include "shared/runtime/tls_listener.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/unit/gateway/linux/fake_log.hpp"
#include "tests/unit/gateway/linux/hub_server.hpp"
#include "tests/unit/gateway/linux/stalled_tls.hpp"

using namespace berth;
using namespace berth::testing;
using namespace berth::gateway;
using store::Table;

namespace {

const domain::IdScope kTenant("0ne00000001");
const domain::IdScope kOther("0ne00000002");

domain::RegistrationId id(const std::string& text = "Press-1") {
  return domain::RegistrationId::parse(text).value();
}

// A coordinator by script: it keeps what it hears and says what it is told to.
class Script {
 public:
  explicit Script(Loop& loop) {
    auto session = [this](runtime::TlsStream& stream) { return serve(stream); };
    listener_ =
        runtime::TlsListener::bind(loop.executor(), "127.0.0.1", 0, runtime::make_plain_context(),
                                   {}, session, [](const std::string&, const std::string&) {})
            .value();
    listener_->start();
  }
  void stop() { listener_->stop(); }
  [[nodiscard]] std::uint16_t port() const { return listener_->port(); }

  // The messages of that kind, in the order in which they were heard.
  template <class T>
  [[nodiscard]] std::vector<T> heard() const {
    std::vector<T> found;
    for (const sync::Message& message : messages) {
      if (const auto* known = std::get_if<T>(&message)) found.push_back(*known);
    }
    return found;
  }

  // What is answered to each message; an empty optional closes the connection.
  std::function<std::optional<std::vector<sync::Message>>(const sync::Message&)> answer;
  std::vector<sync::Message> messages;
  int connections = 0;

 private:
  runtime::Task<void> serve(runtime::TlsStream& stream) {
    ++connections;
    sync::FrameReader reader;
    Bytes buffer(16 * 1024);
    for (;;) {
      const auto count = co_await stream.read_some(buffer, std::chrono::seconds{60});
      if (!count || *count == 0) co_return;
      reader.feed(ByteView(buffer.data(), *count));
      while (auto message = reader.next()) {
        if (!*message) co_return;
        messages.push_back(**message);
        const auto answers = answer(**message);
        if (!answers) co_return;
        Bytes output;
        for (const sync::Message& one : *answers) append(output, sync::encode_frame(one));
        const auto sent = co_await stream.write_all(output, std::chrono::seconds{60});
        if (!sent) co_return;
      }
    }
  }

  std::unique_ptr<runtime::TlsListener> listener_;
};

using Answers = std::vector<sync::Message>;

}  // namespace

TEST_GROUP(SyncLink) {
  Loop loop_;
  MemoryStore store_;
  FakeClock clock_;
  FakeEntropy entropy_;
  FakeCrypto crypto_;
  FakeLog log_;
  KnownAbsent known_absent_;
  std::atomic<std::uint64_t> generation_{1};
  std::unique_ptr<TrustedTime> time_;
  std::unique_ptr<OutboxNumbers> numbers_;
  std::unique_ptr<StoreWriter> writer_;
  std::unique_ptr<SyncLink> link_;
  std::unique_ptr<runtime::TaskGroup> tasks_;
  std::unique_ptr<Script> script_;

  std::vector<domain::IdScope> served_{kTenant};
  std::uint64_t watermark_ = 0;
  // Said after the welcome, and in answer to anything else.
  Answers after_welcome_;
  std::function<std::optional<Answers>(const sync::Message&)> otherwise_;

  SyncLink::Settings settings_;
  std::shared_ptr<ports::TlsContext> context_ = runtime::make_plain_context();

  void setup() override {
    CHECK(store_.create_tenant(store::kNode).has_value());
    CHECK(store_.create_tenant(kTenant).has_value());
    time_ = std::make_unique<TrustedTime>(clock_, WallTime{});
    numbers_ = std::make_unique<OutboxNumbers>(OutboxNumbers::open(store_, entropy_).value());
    writer_ = std::make_unique<StoreWriter>(store_);
    script_ = std::make_unique<Script>(loop_);
    script_->answer = [this](const sync::Message& message) -> std::optional<Answers> {
      if (!std::holds_alternative<sync::Hello>(message)) {
        return otherwise_ ? otherwise_(message) : Answers{};
      }
      sync::Welcome welcome;
      welcome.wall = clock_.wall();
      welcome.tenants = served_;
      welcome.outbox_watermark = watermark_;
      Answers answers{welcome};
      answers.insert(answers.end(), after_welcome_.begin(), after_welcome_.end());
      return answers;
    };
    after_welcome_ = snapshot({});
  }
  void teardown() override {
    if (link_) link_->stop();
    if (tasks_) loop_.run(tasks_->drained());
    script_->stop();
    loop_.drain();
    writer_.reset();
  }

  void start() {
    SyncLink::Settings settings = settings_;
    settings.host = "127.0.0.1";
    settings.port = script_->port();
    settings.gateway_id = domain::GatewayId("gw-1");
    settings.boot_id = "boot";
    const SyncLink::Services services{store_,      *writer_, *numbers_, *time_,   known_absent_,
                                      generation_, crypto_,  clock_,    entropy_, log_};
    auto queue = OutboxQueue::load(store_, {kTenant}).value();
    link_ = std::make_unique<SyncLink>(loop_.executor(), settings, services, std::move(queue));
    link_->set_context(context_);
    tasks_ = std::make_unique<runtime::TaskGroup>(loop_.executor(), 1, [](const std::string&) {});
    tasks_->spawn(link_->run());
  }
  void start_linked() {
    start();
    run_until(loop_, [this] { return link_->linked(kTenant); });
  }

  // A whole copy at sequence 10.
  static Answers snapshot(std::vector<sync::RecordChange> records, std::uint64_t number = 1) {
    return {
        sync::SnapshotBegin{kTenant, number, "incarnation", 1, SecretBytes::copy_of(Bytes(32, 1))},
        sync::SnapshotRecords{kTenant, number, std::move(records)},
        sync::SnapshotEnd{kTenant, number, 10}};
  }
  static sync::RecordChange hub(const std::string& name) {
    domain::LinkedHub hub;
    hub.hub_id = domain::HubId(name);
    return {Table::linked_hub, name, 1, sync::encode(hub)};
  }
  static sync::RecordChange registration() {
    domain::Registration registration;
    registration.registration_id = id();
    return {Table::registration, "press-1", 1, sync::encode(registration)};
  }
  void queue_outcome() {
    domain::OutboxEntry entry;
    entry.sequence = numbers_->next();
    entry.id_scope = kTenant;
    entry.registration.registration_id = id();
    store::ChangeSet set;
    set.tenant = kTenant;
    set.changes.push_back(outbox_change(entry));
    CHECK(store::commit_one(store_, std::move(set)).has_value());
    if (link_) link_->queued(kTenant, entry.sequence);
  }
  bool holds(Table table, const std::string& key) {
    const auto record = store_.read(kTenant, table, key);
    return record && record->has_value();
  }
  // A question that makes the round trip after all that was said before it.
  void settle() {
    bool is_done = false;
    otherwise_ = [before = otherwise_](const sync::Message& message) -> std::optional<Answers> {
      if (const auto* head = std::get_if<sync::HeadRequest>(&message)) {
        return Answers{sync::HeadReply{head->request_id, head->tenant, 0}};
      }
      return before ? before(message) : Answers{};
    };
    link_->fence(kTenant, [&is_done] { is_done = true; });
    run_until(loop_, [&is_done] { return is_done; });
  }
};

TEST(SyncLink, SaysWhoItIsAndTakesTheCopyIn) {
  after_welcome_ = snapshot({hub("hub-a")});
  start_linked();
  const auto hello = script_->heard<sync::Hello>();
  LONGS_EQUAL(1, hello.size());
  CHECK(hello.front().gateway_id == domain::GatewayId("gw-1"));
  CHECK(hello.front().outbox_incarnation == numbers_->incarnation());
  CHECK(link_->connected());
  STRCMP_EQUAL("", link_->trouble().c_str());
  CHECK(holds(Table::linked_hub, "hub-a"));
}

TEST(SyncLink, EndsTheSessionAtOnceWhenTheCoordinatorClosesIt) {
  otherwise_ = [](const sync::Message&) -> std::optional<Answers> { return std::nullopt; };
  start_linked();
  bool is_released = false;
  link_->fence(kTenant, [&is_released] { is_released = true; });
  run_until(loop_, [this] { return !link_->connected(); });
  CHECK(is_released);
  CHECK_FALSE(link_->linked(kTenant));
  run_until(loop_, [this] { return !link_->trouble().empty(); });
  LONGS_EQUAL(1, log_.count("the link to the coordinator is down"));
}

TEST(SyncLink, ComesBackAfterTheSessionEnded) {
  otherwise_ = [](const sync::Message&) -> std::optional<Answers> { return std::nullopt; };
  start_linked();
  link_->fence(kTenant, [] {});
  run_until(loop_, [this] { return !link_->connected(); });
  run_until(loop_, [this] { return link_->linked(kTenant); });
  LONGS_EQUAL(2, script_->connections);
}

TEST(SyncLink, SaysOnceWhyItIsRefused) {
  script_->answer = [](const sync::Message&) -> std::optional<Answers> {
    return Answers{sync::Refused{Errc::forbidden, "removed"}};
  };
  start();
  run_until(loop_, [this] { return script_->connections == 2; });
  STRCMP_EQUAL("the coordinator refuses this gateway: removed", link_->trouble().c_str());
  LONGS_EQUAL(1, log_.count("refuses this gateway: removed"));
  CHECK_FALSE(link_->connected());
}

TEST(SyncLink, SaysThatTheCoordinatorFellSilent) {
  start_linked();
  clock_.advance(sync::kIdleDeadline);
  run_until(loop_, [this] { return !link_->connected(); });
  run_until(loop_, [this] { return !link_->trouble().empty(); });
  STRCMP_EQUAL("the coordinator said nothing for 45 seconds", link_->trouble().c_str());
}

TEST(SyncLink, GivesACoordinatorThatSaysNothingItsTimeAndNoMore) {
  CHECK(settings_.connect_timeout == kCoordinatorConnectTimeout);
  settings_.connect_timeout = std::chrono::milliseconds{100};
  context_ = std::make_shared<StalledContext>();
  const auto begin = std::chrono::steady_clock::now();
  start();
  run_until(loop_, [this] { return log_.count("the coordinator can't be reached") == 1; });
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took >= std::chrono::milliseconds{90} && took < kCoordinatorConnectTimeout);
}

TEST(SyncLink, StopsInThePauseBetweenTwoTries) {
  script_->stop();
  start();
  run_until(loop_, [this] { return log_.count("the coordinator can't be reached") == 1; });
  link_->stop();
  loop_.run(tasks_->drained());
  LONGS_EQUAL(0, tasks_->size());
}

TEST(SyncLink, StopsBeforeItIsConnected) {
  start();
  link_->stop();
  loop_.run(tasks_->drained());
  LONGS_EQUAL(0, tasks_->size());
}

TEST(SyncLink, StopsWithinASession) {
  start_linked();
  link_->stop();
  loop_.run(tasks_->drained());
  CHECK_FALSE(link_->connected());
  CHECK_FALSE(link_->linked(kTenant));
}

TEST(SyncLink, EndsCleanlyWhenItIsCancelled) {
  start_linked();
  bool is_released = false;
  link_->fence(kTenant, [&is_released] { is_released = true; });
  loop_.io().poll();
  tasks_->cancel();
  loop_.run(tasks_->drained());
  CHECK(is_released);
  // There is no session any more that a question could go to.
  bool is_answered = false;
  link_->look_back(kTenant, id(), [&is_answered] { is_answered = true; });
  run_until(loop_, [&is_answered] { return is_answered; });
}

TEST(SyncLink, ReconnectsAtOnceWhenAsked) {
  start_linked();
  link_->reconnect();
  run_until(loop_, [this] { return script_->connections == 2 && link_->linked(kTenant); });
}

TEST(SyncLink, AnswersQuestionsAtOnceWithoutASession) {
  script_->stop();
  start();
  int answered = 0;
  link_->fence(kTenant, [&answered] { ++answered; });
  link_->look_back(kTenant, id(), [&answered] { ++answered; });
  run_until(loop_, [&answered] { return answered == 2; });
}

TEST(SyncLink, AFenceWaitsForTheChangesThatItAskedFor) {
  otherwise_ = [](const sync::Message& message) -> std::optional<Answers> {
    const auto* head = std::get_if<sync::HeadRequest>(&message);
    if (head == nullptr) return Answers{};
    return Answers{sync::HeadReply{head->request_id, kTenant, 11},
                   sync::Changes{kTenant, 10, 11, {hub("hub-b")}}};
  };
  start_linked();
  bool is_there = false;
  link_->fence(kTenant, [this, &is_there] { is_there = holds(Table::linked_hub, "hub-b"); });
  run_until(loop_, [&is_there] { return is_there; });
}

TEST(SyncLink, BoundsTheQuestionsThatWait) {
  start_linked();
  // Those that still wait are released when the link goes, after this test's end.
  const auto answered = std::make_shared<std::size_t>(0);
  for (std::size_t i = 0; i < kMaxOpenQuestions; ++i) {
    link_->look_back(kTenant, id(), [answered] { ++*answered; });
  }
  run_until(loop_,
            [this] { return script_->heard<sync::LookBackRequest>().size() == kMaxOpenQuestions; });
  LONGS_EQUAL(0, *answered);
  link_->look_back(kTenant, id(), [answered] { ++*answered; });
  run_until(loop_, [&answered] { return *answered > 0; });
  LONGS_EQUAL(1, *answered);
}

TEST(SyncLink, KnowsWhatTheCoordinatorDoesNotKnow) {
  otherwise_ = [](const sync::Message& message) -> std::optional<Answers> {
    const auto* asked = std::get_if<sync::LookBackRequest>(&message);
    if (asked == nullptr) return Answers{};
    return Answers{sync::LookBackReply{
        asked->request_id, kTenant, {Table::registration, "press-1", 0, std::nullopt}}};
  };
  start_linked();
  bool is_known = false;
  link_->look_back(kTenant, id(),
                   [this, &is_known] { is_known = known_absent_.contains(kTenant, id()); });
  run_until(loop_, [&is_known] { return is_known; });
}

TEST(SyncLink, ADiskThatIsFullForAMomentCostsNoCopy) {
  start_linked();
  otherwise_ = [](const sync::Message& message) -> std::optional<Answers> {
    const auto* head = std::get_if<sync::HeadRequest>(&message);
    if (head == nullptr) return Answers{};
    return Answers{sync::Changes{kTenant, 10, 11, {hub("hub-b")}},
                   sync::HeadReply{head->request_id, kTenant, 11}};
  };
  bool is_there = false;
  link_->fence(kTenant, [this, &is_there] { is_there = holds(Table::linked_hub, "hub-b"); });
  store_.fail_next(Errc::io);
  run_until(loop_, [this] { return log_.count("the memory store was told to fail") == 1; });
  clock_.advance(std::chrono::seconds{1});
  run_until(loop_, [&is_there] { return is_there; });
  CHECK(script_->heard<sync::ResyncRequest>().empty());
  CHECK(link_->linked(kTenant));
}

TEST(SyncLink, ACopyThatIsWrongIsFetchedAgain) {
  start_linked();
  otherwise_ = [](const sync::Message& message) -> std::optional<Answers> {
    if (std::holds_alternative<sync::HeadRequest>(message)) {
      return Answers{sync::DigestCheck{kTenant, 10, Bytes(32, 0xEE)}};
    }
    if (std::holds_alternative<sync::ResyncRequest>(message)) {
      return snapshot({hub("hub-c")}, 2);
    }
    return Answers{};
  };
  link_->fence(kTenant, [] {});
  run_until(loop_, [this] { return holds(Table::linked_hub, "hub-c"); });
  LONGS_EQUAL(1, script_->heard<sync::ResyncRequest>().size());
  run_until(loop_, [this] { return link_->linked(kTenant); });
}

TEST(SyncLink, ShardsReadAgainOnlyWhatTheyKeep) {
  start_linked();
  otherwise_ = [](const sync::Message& message) -> std::optional<Answers> {
    const auto* asked = std::get_if<sync::LookBackRequest>(&message);
    if (asked == nullptr) return Answers{};
    return Answers{sync::LookBackReply{asked->request_id, kTenant, registration()},
                   sync::Changes{kTenant, 10, 11, {registration()}}};
  };
  settle();
  const std::uint64_t before = generation_;
  bool is_answered = false;
  link_->look_back(kTenant, id(), [&is_answered] { is_answered = true; });
  run_until(loop_, [&is_answered] { return is_answered; });
  settle();
  CHECK(holds(Table::registration, "press-1"));
  LONGS_EQUAL(before, generation_.load());

  otherwise_ = [](const sync::Message& message) -> std::optional<Answers> {
    if (!std::holds_alternative<sync::LookBackRequest>(message)) return Answers{};
    return Answers{sync::Changes{kTenant, 11, 12, {hub("hub-b")}}};
  };
  link_->look_back(kTenant, id("other"), [] {});
  run_until(loop_, [this] { return holds(Table::linked_hub, "hub-b"); });
  settle();
  LONGS_EQUAL(before + 1, generation_.load());
}

TEST(SyncLink, SendsTheOutboxAndForgetsWhatIsTaken) {
  queue_outcome();
  otherwise_ = [](const sync::Message& message) -> std::optional<Answers> {
    const auto* sent = std::get_if<sync::OutboxEntries>(&message);
    if (sent == nullptr) return Answers{};
    return Answers{sync::OutboxAck{sent->incarnation, sent->entries.back().sequence, {}}};
  };
  start_linked();
  LONGS_EQUAL(1, link_->outbox_size() + script_->heard<sync::OutboxEntries>().size());
  queue_outcome();
  run_until(loop_, [this] { return script_->heard<sync::OutboxEntries>().size() == 2; });
  run_until(loop_, [this] { return link_->outbox_size() == 0; });
  LONGS_EQUAL(0, store_.list(kTenant, Table::outbox, "", 10)->records.size());
}

TEST(SyncLink, SendsTheOutboxAgainInTheNextSession) {
  queue_outcome();
  start_linked();
  run_until(loop_, [this] { return script_->heard<sync::OutboxEntries>().size() == 1; });
  link_->reconnect();
  run_until(loop_, [this] { return script_->heard<sync::OutboxEntries>().size() == 2; });
  LONGS_EQUAL(1, link_->outbox_size());
}

TEST(SyncLink, ADiskThatWasRolledBackBeginsANewOutbox) {
  const std::string old = numbers_->incarnation();
  watermark_ = numbers_->last() + 1;
  start();
  run_until(loop_, [this] { return script_->heard<sync::Hello>().size() >= 2; });
  CHECK_FALSE(script_->heard<sync::Hello>()[1].outbox_incarnation == old);
  LONGS_EQUAL(1, log_.count("security: this gateway's disk was rolled back") > 0 ? 1 : 0);
}

TEST(SyncLink, ErasesATenantThatItServesNoMore) {
  CHECK(store_.create_tenant(kOther).has_value());
  start_linked();
  const auto tenants = store_.tenants().value();
  CHECK(std::find(tenants.begin(), tenants.end(), kOther) == tenants.end());
}

TEST(SyncLink, KeepsTheOutcomesOfATenantThatItServesNoMore) {
  store::Change permit;
  permit.table = Table::permit;
  permit.id = kPermitId;
  permit.body = Bytes{1};
  store::ChangeSet set;
  set.tenant = kTenant;
  set.changes.push_back(std::move(permit));
  CHECK(store::commit_one(store_, std::move(set)).has_value());
  queue_outcome();
  served_ = {kOther};
  after_welcome_.clear();
  start();
  run_until(loop_, [this] { return script_->heard<sync::OutboxEntries>().size() == 1; });
  CHECK_FALSE(holds(Table::permit, kPermitId));
}
