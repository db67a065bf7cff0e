#include "shared/protocol/sync/session_gateway.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/unit/shared/protocol/sync/sample_records.hpp"

using namespace berth;
using namespace berth::testing;
using namespace berth::sync;

namespace {

const domain::IdScope kTenant("0ne00000001");

Hello hello(std::string incarnation, std::uint64_t sequence) {
  Hello greeting;
  greeting.gateway_id = domain::GatewayId("gw-1");
  greeting.outbox_incarnation = "outbox-1";
  greeting.now = {"boot-1", std::chrono::microseconds{1000}};
  greeting.positions = {{kTenant, std::move(incarnation), 1, sequence}};
  return greeting;
}

Welcome welcome() {
  Welcome greeting;
  greeting.tenants = {kTenant};
  return greeting;
}

}  // namespace

TEST_GROUP(GatewaySyncSession) {
  MonotonicTime now{0};
  GatewaySession session{hello("store-1", 10), now};
  FrameReader sent;

  void say(const Message& message) {
    session.receive(encode_frame(message), now);
  }
  std::vector<Message> said() {
    sent.feed(session.take_output());
    std::vector<Message> messages;
    while (auto message = sent.next()) messages.push_back(message->value());
    return messages;
  }
  template <class T>
  T last_said() {
    const auto messages = said();
    CHECK_FALSE(messages.empty());
    CHECK_TRUE(std::holds_alternative<T>(messages.back()));
    return std::get<T>(messages.back());
  }
  template <class T>
  std::size_t count() {
    std::size_t found = 0;
    for (const auto& event : session.take_events()) {
      if (std::holds_alternative<T>(event)) ++found;
    }
    return found;
  }
  Errc end() {
    for (const auto& event : session.take_events()) {
      if (const auto* closed = std::get_if<Closed>(&event)) return closed->error.code;
    }
    return Errc::internal;
  }
};

TEST(GatewaySyncSession, BeginsWithHelloAndOpensWithWelcome) {
  CHECK_TRUE(last_said<Hello>().gateway_id == domain::GatewayId("gw-1"));
  CHECK_FALSE(session.open());
  say(welcome());
  CHECK_TRUE(session.open());
  LONGS_EQUAL(1, count<Welcome>());
  CHECK_TRUE(session.received(kTenant) == 10U);
}

TEST(GatewaySyncSession, EndsIfSomethingElseComesFirst) {
  say(Pong{1});
  CHECK_TRUE(session.closed());
  CHECK_TRUE(end() == Errc::malformed);
}

TEST(GatewaySyncSession, EndsWithTheReasonOfARefusal) {
  say(Refused{Errc::disabled, "gateway hall-3 is disabled"});
  CHECK_TRUE(session.closed());
  CHECK_TRUE(end() == Errc::disabled);
}

TEST(GatewaySyncSession, EndsForAnotherVersion) {
  auto other = welcome();
  other.protocol_version = kProtocolVersion + 1;
  say(other);
  CHECK_TRUE(end() == Errc::unsupported);
}

TEST(GatewaySyncSession, EndsForWhatOnlyAGatewaySays) {
  say(welcome());
  say(HeadRequest{1, kTenant});
  CHECK_TRUE(end() == Errc::malformed);
}

TEST(GatewaySyncSession, PassesOnChangesThatJoin) {
  say(welcome());
  say(Changes{kTenant, 10, 12, {}});
  say(Changes{kTenant, 12, 13, {}});
  LONGS_EQUAL(2, count<Changes>());
  CHECK_TRUE(session.received(kTenant) == 13U);
}

TEST(GatewaySyncSession, AsksForASnapshotWhenAHoleAppears) {
  say(welcome());
  say(Changes{kTenant, 11, 12, {}});
  LONGS_EQUAL(0, count<Changes>());
  CHECK_TRUE(last_said<ResyncRequest>().tenant == kTenant);
  CHECK_FALSE(session.received(kTenant).has_value());
  // What was on the way is dropped until the snapshot begins.
  say(Changes{kTenant, 12, 13, {}});
  say(DigestCheck{kTenant, 13, Bytes(32)});
  LONGS_EQUAL(0, session.take_events().size());
  CHECK_TRUE(said().empty());

  say(SnapshotBegin{kTenant, 4, "store-1", 1, {}});
  say(SnapshotRecords{kTenant, 4, {}});
  say(SnapshotRecords{kTenant, 3, {}});
  say(SnapshotEnd{kTenant, 4, 20});
  say(Changes{kTenant, 20, 21, {}});
  const auto events = session.take_events();
  LONGS_EQUAL(4, events.size());
  CHECK_TRUE(std::holds_alternative<Changes>(events.back()));
  CHECK_TRUE(session.received(kTenant) == 21U);
}

TEST(GatewaySyncSession, DropsChangesOfATenantThatItDoesNotServe) {
  say(welcome());
  session.take_events().clear();
  say(Changes{domain::IdScope("0ne00000009"), 0, 1, {}});
  LONGS_EQUAL(0, count<Changes>());
  CHECK_FALSE(session.closed());
}

TEST(GatewaySyncSession, GivesRequestsTheNumbersOfTheirReplies) {
  say(welcome());
  const auto head = session.request_head(kTenant);
  const auto back = session.request_look_back(kTenant, registration_id());
  CHECK_TRUE(head != back);
  const auto messages = said();
  UNSIGNED_LONGLONGS_EQUAL(head, std::get<HeadRequest>(messages.at(1)).request_id);
  UNSIGNED_LONGLONGS_EQUAL(back, std::get<LookBackRequest>(messages.at(2)).request_id);
}

TEST(GatewaySyncSession, KeepsTheOutboxWithinItsWindow) {
  LONGS_EQUAL(0, session.outbox_room());
  say(welcome());
  LONGS_EQUAL(kOutboxWindow, session.outbox_room());
  std::vector<domain::OutboxEntry> entries;
  for (std::uint64_t sequence = 1; sequence <= kOutboxWindow; ++sequence) {
    entries.push_back(outbox_entry());
    entries.back().sequence = sequence;
  }
  session.send_outbox(entries);
  LONGS_EQUAL(0, session.outbox_room());
  const auto messages = said();
  LONGS_EQUAL(1 + kOutboxWindow / kMaxEntriesPerFrame, messages.size());
  say(OutboxAck{"outbox-1", 100, {}});
  LONGS_EQUAL(100, session.outbox_room());
  LONGS_EQUAL(1, count<OutboxAck>());
}

TEST(GatewaySyncSession, SplitsLargeOutcomesIntoFramesThatFit) {
  say(welcome());
  static_cast<void>(said());
  std::vector<domain::OutboxEntry> entries;
  for (std::uint64_t sequence = 1; sequence <= 10; ++sequence) {
    entries.push_back(outbox_entry());
    entries.back().sequence = sequence;
    entries.back().registration.payload = std::string(200 * 1024, 'x');
  }
  session.send_outbox(entries);
  std::size_t received = 0;
  for (const auto& message : said()) received += std::get<OutboxEntries>(message).entries.size();
  LONGS_EQUAL(10, received);
}

TEST(GatewaySyncSession, EndsWhenMoreIsAcknowledgedThanWasSent) {
  say(welcome());
  say(OutboxAck{"outbox-1", 1, {}});
  CHECK_TRUE(end() == Errc::malformed);
}

TEST(GatewaySyncSession, PingsWithItsClock) {
  say(welcome());
  static_cast<void>(said());
  now += kPingInterval - std::chrono::nanoseconds{1};
  session.tick(now);
  CHECK_FALSE(session.has_output());
  now += std::chrono::nanoseconds{1};
  session.tick(now);
  const auto ping = last_said<Ping>();
  CHECK_TRUE(ping.now.boot_id == "boot-1");
  CHECK_TRUE(ping.now.since_boot == std::chrono::microseconds{1000} + kPingInterval);
}

TEST(GatewaySyncSession, GivesUpASilentPeer) {
  say(welcome());
  now += kIdleDeadline - std::chrono::nanoseconds{1};
  session.tick(now);
  CHECK_FALSE(session.closed());
  now += std::chrono::nanoseconds{1};
  session.tick(now);
  CHECK_TRUE(end() == Errc::timed_out);
}

TEST(GatewaySyncSession, EndsForBytesThatAreNoFrame) {
  session.receive(Bytes{0, 0, 0, 1, 0xff}, now);
  CHECK_TRUE(end() == Errc::malformed);
  // And stays so.
  say(welcome());
  CHECK_FALSE(session.open());
}

TEST(GatewaySyncSession, WaitsForASnapshotWithoutAUsableCopy) {
  GatewaySession fresh(hello("", 0), now);
  fresh.receive(encode_frame(welcome()), now);
  CHECK_FALSE(fresh.received(kTenant).has_value());
}
