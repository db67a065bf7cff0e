#include "shared/protocol/hub/broker_session.hpp"

#include <string>
#include <variant>
#include <vector>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::hub;

namespace {

// Commands and replies as their correlations, one a line: "correlation" or "correlation error".
class Lines final : public dynsec::DynamicSecurityCodec {
 public:
  std::string write_commands(const std::vector<dynsec::Command>&,
                             const std::vector<std::string>& correlations) override {
    std::string text;
    for (const std::string& one : correlations) text += one + "\n";
    return text;
  }
  Result<std::vector<dynsec::Reply>> read_replies(std::string_view text) override {
    std::vector<dynsec::Reply> replies;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      if (end == std::string_view::npos) return Error{Errc::malformed, "no line"};
      dynsec::Reply reply;
      reply.correlation = std::string(text.substr(0, end));
      replies.push_back(std::move(reply));
      text.remove_prefix(end + 1);
    }
    return replies;
  }
  Result<domain::JsonText> read_object(std::string_view text) override {
    return domain::JsonText(text);
  }
};

dynsec::Request asking(std::size_t commands) {
  dynsec::Request request;
  request.commands.resize(commands);
  return request;
}

}  // namespace

TEST_GROUP(BrokerSession) {
  Lines json;
  BrokerSession session{{"berth-gateway-1", "gateway", SecretBytes({'p', 'w'})}, json};
  mqtt::Decoder decoder;

  std::vector<mqtt::Packet> sent() {
    decoder.feed(session.take_output());
    std::vector<mqtt::Packet> packets;
    while (auto packet = decoder.next()) {
      CHECK_TRUE(packet->has_value());
      packets.push_back(std::move(**packet));
    }
    return packets;
  }
  void arrives(const mqtt::Packet& packet) {
    session.on_bytes(mqtt::encode(packet));
  }
  void answered(const std::string& text) {
    arrives(mqtt::Publish{dynsec::kAnswerTopic, text, 0, false, false, 0});
  }
  void let_in() {
    arrives(mqtt::Connack{false, mqtt::ConnectCode::accepted});
    arrives(mqtt::Suback{1, {0}});
    static_cast<void>(sent());
  }
  BrokerSession::Ticket ask(dynsec::Request request) {
    const auto ticket = session.ask(std::move(request));
    CHECK_TRUE(ticket.has_value());
    return *ticket;
  }
  // The one publication of commands that went out.
  std::string commands() {
    std::string text;
    for (const mqtt::Packet& packet : sent()) {
      const auto* publish = std::get_if<mqtt::Publish>(&packet);
      if (publish == nullptr || publish->topic != dynsec::kCommandTopic) continue;
      CHECK_TRUE(text.empty());
      CHECK_EQUAL(1, publish->qos);
      text = publish->payload;
    }
    return text;
  }
};

TEST(BrokerSession, LogsInAndListensBeforeItAsks) {
  ask(asking(1));
  auto packets = sent();
  CHECK_EQUAL(1, packets.size());
  const auto& connect = std::get<mqtt::Connect>(packets[0]);
  STRCMP_EQUAL("berth-gateway-1", connect.client_id.c_str());
  STRCMP_EQUAL("gateway", connect.username->c_str());
  CHECK_TRUE(*connect.password == SecretBytes({'p', 'w'}));
  CHECK_TRUE(connect.clean_session);
  arrives(mqtt::Connack{false, mqtt::ConnectCode::accepted});
  packets = sent();
  CHECK_EQUAL(1, packets.size());
  STRCMP_EQUAL(dynsec::kAnswerTopic,
               std::get<mqtt::Subscribe>(packets[0]).filters[0].filter.c_str());
  arrives(mqtt::Suback{1, {0}});
  STRCMP_EQUAL("berth-gateway-1/1/0\n", commands().c_str());
}

TEST(BrokerSession, TellsAnswersApart) {
  let_in();
  const auto first = ask(asking(1));
  const auto second = ask(asking(2));
  answered("berth-gateway-1/2/0\nberth-gateway-1/2/1\n");
  auto answers = session.take_answers();
  CHECK_EQUAL(1, answers.size());
  CHECK_EQUAL(second, answers[0].first);
  CHECK_EQUAL(2, answers[0].second.replies.size());
  answered("berth-gateway-1/1/0\n");
  answers = session.take_answers();
  CHECK_EQUAL(first, answers[0].first);
}

TEST(BrokerSession, PassesOverWhatIsNoAnswerToIt) {
  let_in();
  ask(asking(2));
  for (const char* text : {"nonsense", "", "somebody/1/0\nsomebody/1/1\n", "berth-gateway-1/1/0\n",
                           "berth-gateway-1/1/0\nsomebody/1/1\n", "berth-gateway-1/9/0\n"}) {
    answered(text);
    CHECK_TRUE(session.take_answers().empty());
  }
  arrives(mqtt::Publish{"elsewhere", "x", 0, false, false, 0});
  CHECK_FALSE(session.ending().has_value());
  answered("berth-gateway-1/1/0\nberth-gateway-1/1/1\n");
  CHECK_EQUAL(1, session.take_answers().size());
}

TEST(BrokerSession, SendsARetainedMessageAheadOfTheCommands) {
  let_in();
  dynsec::Request request = asking(1);
  request.retain = {"devices/a/twin/desired", "{}"};
  ask(std::move(request));
  const auto packets = sent();
  CHECK_EQUAL(2, packets.size());
  const auto& retained = std::get<mqtt::Publish>(packets[0]);
  CHECK_TRUE(retained.retain && retained.qos == 1);
  STRCMP_EQUAL("devices/a/twin/desired", retained.topic.c_str());
  const auto& command = std::get<mqtt::Publish>(packets[1]);
  CHECK_FALSE(command.retain);
  CHECK_TRUE(command.packet_id != retained.packet_id);
}

TEST(BrokerSession, ReadsARetainedMessage) {
  let_in();
  dynsec::Request request = asking(1);
  request.read_retained = "devices/a/twin/desired";
  ask(request);
  ask(asking(1));
  const auto packets = sent();
  STRCMP_EQUAL("devices/a/twin/desired",
               std::get<mqtt::Subscribe>(packets[0]).filters[0].filter.c_str());
  arrives(mqtt::Suback{2, {0}});
  arrives(mqtt::Publish{"devices/a/twin/desired", "{\"a\":1}", 0, false, true, 0});
  answered("berth-gateway-1/1/0\n");
  answered("berth-gateway-1/2/0\n");
  const auto answers = session.take_answers();
  STRCMP_EQUAL("{\"a\":1}", answers[0].second.retained.c_str());
  CHECK_TRUE(answers[1].second.retained.empty());
  CHECK_TRUE(std::holds_alternative<mqtt::Unsubscribe>(sent()[0]));
}

TEST(BrokerSession, ATopicThatIsRefusedReadsAsEmpty) {
  let_in();
  dynsec::Request request = asking(1);
  request.read_retained = "devices/a/twin/desired";
  ask(request);
  arrives(mqtt::Suback{2, {mqtt::kSubscribeFailure}});
  answered("berth-gateway-1/1/0\n");
  CHECK_TRUE(session.take_answers()[0].second.retained.empty());
}

TEST(BrokerSession, AcknowledgesWhatComesAtQos1) {
  let_in();
  arrives(mqtt::Publish{"devices/a/twin/desired", "{}", 1, false, false, 77});
  CHECK_EQUAL(77, std::get<mqtt::Puback>(sent()[0]).packet_id);
}

TEST(BrokerSession, AWrongPasswordIsOurCredentialRefused) {
  arrives(mqtt::Connack{false, mqtt::ConnectCode::not_authorized});
  CHECK_TRUE(session.ending()->code == Errc::hub_unauthorized);
  CHECK_TRUE(session.ask(asking(1)).error().code == Errc::hub_unauthorized);
}

TEST(BrokerSession, ABrokerThatIsNotReadyIsUnavailable) {
  arrives(mqtt::Connack{false, mqtt::ConnectCode::server_unavailable});
  CHECK_TRUE(session.ending()->code == Errc::unavailable);
}

TEST(BrokerSession, WithoutTheControlChannelWeAreNotAuthorized) {
  arrives(mqtt::Connack{false, mqtt::ConnectCode::accepted});
  arrives(mqtt::Suback{1, {mqtt::kSubscribeFailure}});
  CHECK_TRUE(session.ending()->code == Errc::hub_unauthorized);
}

TEST(BrokerSession, NonsenseEndsTheConnection) {
  session.on_bytes(Bytes{'H', 'T', 'T', 'P', '/', '1', '.', '1'});
  CHECK_TRUE(session.ending()->code == Errc::unavailable);
}

TEST(BrokerSession, WhatOnlyClientsSendEndsTheConnection) {
  let_in();
  arrives(mqtt::Pingreq{});
  CHECK_TRUE(session.ending()->code == Errc::unavailable);
}

TEST(BrokerSession, ASecondConnackEndsTheConnection) {
  let_in();
  arrives(mqtt::Connack{false, mqtt::ConnectCode::accepted});
  CHECK_TRUE(session.ending()->code == Errc::unavailable);
}

TEST(BrokerSession, PutsOffWhatIsPastItsLimit) {
  std::vector<BrokerSession::Ticket> tickets;
  for (std::size_t i = 0; i < kMaxOpenBrokerRequests; ++i) tickets.push_back(ask(asking(1)));
  CHECK_TRUE(session.ask(asking(1)).error().code == Errc::throttled);
  session.forget(tickets.front());
  CHECK_TRUE(session.ask(asking(1)).has_value());
}
