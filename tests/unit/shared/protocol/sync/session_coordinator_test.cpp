#include "shared/protocol/sync/session_coordinator.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::sync;

TEST_GROUP(CoordinatorSyncSession) {
  MonotonicTime now{0};
  CoordinatorSession session{now};
  FrameReader sent;

  void say(const Message& message) {
    session.receive(encode_frame(message), now);
  }
  Message answer() {
    sent.feed(session.take_output());
    auto message = sent.next();
    CHECK_TRUE(message.has_value());
    return message->value();
  }
  Errc end() {
    for (const auto& event : session.take_events()) {
      if (const auto* closed = std::get_if<Closed>(&event)) return closed->error.code;
    }
    return Errc::internal;
  }
};

TEST(CoordinatorSyncSession, ShowsTheHelloAndWhatFollows) {
  say(Hello{});
  say(HeadRequest{1, domain::IdScope("0ne00000001")});
  const auto events = session.take_events();
  LONGS_EQUAL(2, events.size());
  CHECK_TRUE(std::holds_alternative<Hello>(events[0]));
  CHECK_TRUE(std::holds_alternative<HeadRequest>(events[1]));
}

TEST(CoordinatorSyncSession, RefusesWhoeverDoesNotGreet) {
  say(Ping{});
  CHECK_TRUE(std::holds_alternative<Refused>(answer()));
  CHECK_TRUE(end() == Errc::malformed);
}

TEST(CoordinatorSyncSession, RefusesASecondHello) {
  say(Hello{});
  say(Hello{});
  CHECK_TRUE(std::holds_alternative<Refused>(answer()));
  CHECK_TRUE(end() == Errc::malformed);
}

TEST(CoordinatorSyncSession, RefusesAnotherVersion) {
  Hello other;
  other.protocol_version = kProtocolVersion + 1;
  say(other);
  CHECK_TRUE(std::get<Refused>(answer()).code == Errc::unsupported);
}

TEST(CoordinatorSyncSession, RefusesWhatOnlyACoordinatorSays) {
  say(Hello{});
  say(Changes{domain::IdScope("0ne00000001"), 1, 2, {}});
  CHECK_TRUE(end() == Errc::malformed);
}

TEST(CoordinatorSyncSession, AnswersAPingAndShowsItsClock) {
  say(Hello{});
  session.take_events().clear();
  say(Ping{7, {"boot-1", std::chrono::microseconds{5}}});
  UNSIGNED_LONGLONGS_EQUAL(7, std::get<Pong>(answer()).nonce);
  const auto events = session.take_events();
  CHECK_TRUE(std::get<Ping>(events.at(0)).now.boot_id == "boot-1");
}

TEST(CoordinatorSyncSession, GivesUpASilentGateway) {
  say(Hello{});
  now += kIdleDeadline - std::chrono::nanoseconds{1};
  session.tick(now);
  CHECK_FALSE(session.closed());
  now += std::chrono::nanoseconds{1};
  session.tick(now);
  CHECK_TRUE(end() == Errc::timed_out);
}

TEST(CoordinatorSyncSession, SaysWhyBeforeItEnds) {
  say(Hello{});
  session.refuse(Errc::disabled, "gateway is disabled");
  CHECK_TRUE(std::get<Refused>(answer()).code == Errc::disabled);
  CHECK_TRUE(session.closed());
  session.send(Pong{1});
  CHECK_FALSE(session.has_output());
}
