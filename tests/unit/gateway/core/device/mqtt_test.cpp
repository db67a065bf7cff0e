#include "gateway/core/device/mqtt.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "tests/support/fake_body_codec.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/fake_gateway.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::mqtt;
using namespace berth::testing;

namespace {

constexpr const char* kFilter = "$dps/registrations/res/#";
constexpr const char* kRegister = "$dps/registrations/PUT/iotdps-register/?$rid=7";
constexpr const char* kPoll =
    "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=8&operationId=5.ab.cd";

Connect connect_of(const std::string& id) {
  Connect connect;
  connect.client_id = id;
  connect.keep_alive_seconds = 180;
  connect.username =
      "0ne00LAB001/registrations/" + id + "/api-version=2019-03-31&ClientVersion=x%2F1";
  connect.password = SecretBytes::copy_of(as_bytes("SharedAccessSignature sr=x"));
  return connect;
}

OperationReply assigning() {
  OperationReply reply;
  reply.status = {"5.ab.cd", domain::RegistrationStatus::assigning, std::nullopt};
  reply.retry_after = std::chrono::seconds{3};
  return reply;
}

}  // namespace

TEST_GROUP(MqttSession) {
  FakeCache cache;
  FakeBodyCodec json;
  FakeCrypto crypto;
  FakeClock clock;
  FakeEntropy entropy;
  DevicePeer peer{{}, "192.0.2.7"};
  std::optional<MqttSession> made;
  Decoder decoder;

  MqttSession& session() {
    if (!made) {
      made.emplace(MqttPorts{cache, json, crypto, clock, entropy}, peer,
                   domain::DeviceProtocol::mqtt);
    }
    return *made;
  }
  MqttOutput send(const Packet& packet) {
    return session().on_bytes(encode(packet));
  }
  // The packets that the session sent.
  std::vector<Packet> packets(const MqttOutput& out) {
    std::vector<Packet> read;
    decoder.feed(out.send);
    while (auto next = decoder.next()) {
      CHECK_TRUE(next->has_value());
      read.push_back(std::move(**next));
    }
    return read;
  }
  template <class T>
  T only(const MqttOutput& out) {
    const std::vector<Packet> read = packets(out);
    LONGS_EQUAL(1, read.size());
    const T* packet = std::get_if<T>(&read.front());
    CHECK_TRUE(packet != nullptr);
    return *packet;
  }
  void connect() {
    const MqttOutput out = send(connect_of("dev-1"));
    CHECK_TRUE(only<Connack>(out).code == ConnectCode::accepted);
    CHECK_FALSE(out.close);
  }
  void subscribe(std::uint8_t qos = 1) {
    const MqttOutput out = send(Subscribe{1, {{kFilter, qos}}});
    LONGS_EQUAL(std::min<int>(qos, 1), only<Suback>(out).codes.at(0));
  }
  RequestToken register_device() {
    const MqttOutput out = send(Publish{kRegister, "id dev-1", 1, false, false, 5});
    LONGS_EQUAL(5, only<Puback>(out).packet_id);
    LONGS_EQUAL(1, out.requests.size());
    return std::get_if<RegisterRequest>(&out.requests[0])->token;
  }
  void check_refused_connect(const Connect& wanted, ConnectCode code) {
    made.reset();
    const MqttOutput out = send(wanted);
    const auto connack = only<Connack>(out);
    LONGS_EQUAL(static_cast<int>(code), static_cast<int>(connack.code));
    CHECK_FALSE(connack.session_present);
    CHECK_TRUE(out.close);
    CHECK_FALSE(out.reason.empty());
  }
  void check_closes(const MqttOutput& out) {
    CHECK_TRUE(out.close);
    CHECK_TRUE(out.requests.empty());
    CHECK_FALSE(out.reason.empty());
    CHECK_FALSE(session().next_wake().has_value());
  }
};

// ---- CONNECT ----

TEST(MqttSession, AcceptsADeviceWithoutJudgingItsCredentials) {
  auto wanted = connect_of("dev-1");
  wanted.clean_session = false;
  const MqttOutput out = send(wanted);
  const auto connack = only<Connack>(out);
  CHECK_TRUE(connack.code == ConnectCode::accepted);
  CHECK_FALSE(connack.session_present);
  CHECK_TRUE(out.requests.empty());
}

TEST(MqttSession, TakesTheUsernamesOfTheSdks) {
  for (const char* username :
       {"0ne00LAB001/registrations/dev-1/api-version=2019-03-31",
        "0ne00LAB001/registrations/dev-1/api-version=2021-06-01&ClientVersion=1.15.0 a/b",
        "0ne00lab001/registrations/DEV-1/ClientVersion=x&api-version=2019-03-31"}) {
    made.reset();
    auto wanted = connect_of("dev-1");
    wanted.username = username;
    CHECK_TRUE_TEXT(only<Connack>(send(wanted)).code == ConnectCode::accepted, username);
  }
}

TEST(MqttSession, RefusesAnUnknownIdScopeWith3) {
  auto wanted = connect_of("dev-1");
  wanted.username = "0ne99999999/registrations/dev-1/api-version=2019-03-31";
  check_refused_connect(wanted, ConnectCode::server_unavailable);
}

TEST(MqttSession, RefusesAUsernameThatDoesNotParse) {
  auto wanted = connect_of("dev-1");
  wanted.password.reset();
  wanted.username.reset();
  check_refused_connect(wanted, ConnectCode::bad_credentials);
  for (const char* username :
       {"", "dev-1", "0ne00LAB001/registrations/dev-1", "0ne00LAB001/registrations/dev-1/",
        "0ne00LAB001/devices/dev-1/api-version=2019-03-31",
        "0ne00LAB001/registrations/dev-1/api-version=latest",
        "0ne00LAB001/registrations/%zz/api-version=2019-03-31"}) {
    wanted.username = username;
    check_refused_connect(wanted, ConnectCode::bad_credentials);
  }
}

TEST(MqttSession, RefusesARegistrationIdThatIsNone) {
  auto wanted = connect_of("a b");
  check_refused_connect(wanted, ConnectCode::identifier_rejected);
}

TEST(MqttSession, RefusesAClientIdThatIsNotTheRegistrationIdWith5) {
  auto wanted = connect_of("dev-1");
  wanted.client_id = "dev-2";
  check_refused_connect(wanted, ConnectCode::not_authorized);
  wanted.client_id = "";
  check_refused_connect(wanted, ConnectCode::not_authorized);
}

TEST(MqttSession, RefusesACertificateOfAnotherNameWith5) {
  auto wanted = connect_of("dev-1");
  wanted.password.reset();
  peer.chain = {crypto.make({.subject = "CN=dev-2", .issuer = "CN=ca"}).der};
  check_refused_connect(wanted, ConnectCode::not_authorized);
  peer.chain = {Bytes{1, 2, 3}};
  check_refused_connect(wanted, ConnectCode::not_authorized);
}

TEST(MqttSession, AcceptsTheCertificateOfTheDevice) {
  peer.chain = {crypto.make({.subject = "CN=DEV-1", .issuer = "CN=ca"}).der};
  auto wanted = connect_of("dev-1");
  wanted.password = SecretBytes();  // as embedded clients send it
  CHECK_TRUE(only<Connack>(send(wanted)).code == ConnectCode::accepted);
  const MqttOutput out = send(Publish{kRegister, "", 0, false, false, 0});
  CHECK_TRUE(std::get_if<RegisterRequest>(&out.requests.at(0))->claim.chain == peer.chain);
}

TEST(MqttSession, DoesNotLookAtTheNameOfACertificateBesideAToken) {
  peer.chain = {crypto.make({.subject = "CN=fleet-tool", .issuer = "CN=ca"}).der};
  CHECK_TRUE(only<Connack>(send(connect_of("dev-1"))).code == ConnectCode::accepted);
}

TEST(MqttSession, RefusesAnotherProtocolVersionWith1) {
  auto wanted = connect_of("dev-1");
  wanted.protocol_level = 5;
  check_refused_connect(wanted, ConnectCode::unacceptable_protocol);
}

TEST(MqttSession, ClosesOnAnythingBeforeConnectAndOnASecondConnect) {
  check_closes(send(Pingreq{}));
  made.reset();
  connect();
  check_closes(send(connect_of("dev-1")));
}

// ---- SUBSCRIBE ----

TEST(MqttSession, GrantsTheResponseFilterWithQos1AtMost) {
  connect();
  for (const std::uint8_t qos : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{2}}) {
    subscribe(qos);
  }
}

TEST(MqttSession, ClosesOnAnyOtherFilter) {
  for (const char* filter : {"#", "$dps/registrations/res/202/#", "$dps/registrations/res/+",
                             "$dps/registrations/PUT/#", "a"}) {
    made.reset();
    connect();
    const MqttOutput out = send(Subscribe{1, {{kFilter, 1}, {filter, 1}}});
    check_closes(out);
    CHECK_TRUE(out.send.empty());
  }
}

TEST(MqttSession, SendsNoResponseAfterUnsubscribe) {
  connect();
  subscribe();
  const auto token = register_device();
  LONGS_EQUAL(9, only<Unsuback>(send(Unsubscribe{9, {kFilter}})).packet_id);
  CHECK_TRUE(session().on_reply(Reply{token, assigning()}).send.empty());
}

// ---- Register and poll ----

TEST(MqttSession, AcknowledgesARegisterAndHandsItOn) {
  connect();
  subscribe();
  const MqttOutput out = send(Publish{kRegister, "id dev-1", 1, false, false, 5});
  LONGS_EQUAL(5, only<Puback>(out).packet_id);
  const auto* request = std::get_if<RegisterRequest>(&out.requests.at(0));
  CHECK_TRUE(request != nullptr);
  STRCMP_EQUAL("0ne00LAB001", request->claim.id_scope.c_str());
  STRCMP_EQUAL("dev-1", request->claim.registration_id.c_str());
  STRCMP_EQUAL("2019-03-31", request->claim.api_version.c_str());
  STRCMP_EQUAL("192.0.2.7", request->claim.source.c_str());
  CHECK_TRUE(request->claim.protocol == domain::DeviceProtocol::mqtt);
  CHECK_TRUE(request->claim.sas_token ==
             SecretBytes::copy_of(as_bytes("SharedAccessSignature sr=x")));
  STRCMP_EQUAL("dev-1", request->body.registration_id->c_str());
}

TEST(MqttSession, TakesARegisterWithoutABodyAtQos0) {
  connect();
  const MqttOutput out = send(Publish{kRegister, "", 0, false, false, 0});
  CHECK_TRUE(out.send.empty());
  LONGS_EQUAL(1, out.requests.size());
}

TEST(MqttSession, HandsAPollOnWhateverItsBody) {
  connect();
  subscribe();
  for (const char* body : {"", " ", "nonsense"}) {
    const MqttOutput out = send(Publish{kPoll, body, 1, false, false, 6});
    STRCMP_EQUAL("5.ab.cd", std::get_if<PollRequest>(&out.requests.at(0))->operation_id.c_str());
  }
}

TEST(MqttSession, AnswersOnTheTopicThatEveryParserTakes) {
  connect();
  subscribe();
  const auto token = register_device();
  const auto pending = only<Publish>(session().on_reply(Reply{token, assigning()}));
  STRCMP_EQUAL("$dps/registrations/res/202/?$rid=7&retry-after=3", pending.topic.c_str());
  STRCMP_EQUAL("operation 5.ab.cd assigning", pending.payload.c_str());
  LONGS_EQUAL(1, pending.qos);
  CHECK_TRUE(pending.packet_id != 0);
  CHECK_TRUE(send(Puback{pending.packet_id}).send.empty());

  const MqttOutput out = send(Publish{kPoll, "", 1, false, false, 6});
  OperationReply done = assigning();
  done.status.status = domain::RegistrationStatus::assigned;
  const auto final_reply = only<Publish>(
      session().on_reply(Reply{std::get_if<PollRequest>(&out.requests.at(0))->token, done}));
  // The PUBACK of the poll was read with `out`, before the response.
  STRCMP_EQUAL("$dps/registrations/res/200/?$rid=8", final_reply.topic.c_str());
  CHECK_TRUE(final_reply.packet_id != pending.packet_id);
}

TEST(MqttSession, EchoesTheRequestIdVerbatim) {
  connect();
  subscribe();
  for (const char* id : {"1", "7c9e6679-7425-40de-944b-e07fc1f90ae7", "a%20b", "65535"}) {
    const MqttOutput out = send(Publish{
        std::string("$dps/registrations/PUT/iotdps-register/?$rid=") + id, "", 0, false, false, 0});
    const auto token = std::get_if<RegisterRequest>(&out.requests.at(0))->token;
    const auto response = only<Publish>(session().on_reply(Reply{token, assigning()}));
    STRCMP_EQUAL((std::string("$dps/registrations/res/202/?$rid=") + id + "&retry-after=3").c_str(),
                 response.topic.c_str());
  }
}

TEST(MqttSession, AnswersAtQos0WhoSubscribedAtQos0) {
  connect();
  subscribe(0);
  LONGS_EQUAL(0, only<Publish>(session().on_reply(Reply{register_device(), assigning()})).qos);
}

TEST(MqttSession, GivesEachResponseToItsRequest) {
  connect();
  subscribe();
  const auto first = register_device();
  const MqttOutput out = send(Publish{kPoll, "", 0, false, false, 0});
  const auto second = std::get_if<PollRequest>(&out.requests.at(0))->token;
  STRCMP_EQUAL("$dps/registrations/res/202/?$rid=8&retry-after=3",
               only<Publish>(session().on_reply(Reply{second, assigning()})).topic.c_str());
  STRCMP_EQUAL("$dps/registrations/res/202/?$rid=7&retry-after=3",
               only<Publish>(session().on_reply(Reply{first, assigning()})).topic.c_str());
  CHECK_TRUE(session().on_reply(Reply{first, assigning()}).send.empty());
}

TEST(MqttSession, TellsA401AndGivesTheDeviceAMomentToLeave) {
  connect();
  subscribe();
  const MqttOutput out =
      session().on_reply(Reply{register_device(), Refusal{Errc::unauthorized, "track", {}}});
  const auto response = only<Publish>(out);
  STRCMP_EQUAL("$dps/registrations/res/401/?$rid=7", response.topic.c_str());
  STRCMP_EQUAL("error 401002 track", response.payload.c_str());
  CHECK_FALSE(out.close);
  // Goodbyes are answered, and do not prolong the session.
  clock.advance(std::chrono::seconds{3});
  CHECK_FALSE(send(Unsubscribe{9, {"$dps/registrations/res/#"}}).send.empty());
  clock.advance(kMqttRefusalLinger - std::chrono::seconds{3} - std::chrono::milliseconds{1});
  CHECK_FALSE(session().on_time().close);
  clock.advance(std::chrono::milliseconds{1});
  const MqttOutput end = session().on_time();
  CHECK_TRUE(end.close);
  STRCMP_EQUAL("", end.reason.c_str());
}

TEST(MqttSession, TakesNoMoreMessagesAfterA401) {
  connect();
  subscribe();
  (void)session().on_reply(Reply{register_device(), Refusal{Errc::unauthorized, "track", {}}});
  CHECK_TRUE(send(Publish{kPoll, "", 0, false, false, 0}).close);
}

TEST(MqttSession, StaysOpenAfterARefusalThatMayPass) {
  connect();
  subscribe();
  const MqttOutput out = session().on_reply(
      Reply{register_device(), Refusal{Errc::throttled, "track", std::chrono::seconds{30}}});
  STRCMP_EQUAL("$dps/registrations/res/429/?$rid=7&retry-after=30",
               only<Publish>(out).topic.c_str());
  CHECK_FALSE(out.close);
}

TEST(MqttSession, AnswersAMalformedBodyWith400AndAnOversizedOneWith413) {
  connect();
  subscribe();
  for (const auto& [body, topic] :
       {std::pair{std::string("nonsense"), "$dps/registrations/res/400/?$rid=7"},
        std::pair{std::string(protocol::kMaxDeviceBody + 1, ' '),
                  "$dps/registrations/res/413/?$rid=7"}}) {
    const MqttOutput out = send(Publish{kRegister, body, 1, false, false, 5});
    CHECK_TRUE(out.requests.empty());
    CHECK_FALSE(out.reason.empty());
    const std::vector<Packet> read = packets(out);
    LONGS_EQUAL(2, read.size());
    CHECK_TRUE(std::holds_alternative<Puback>(read[0]));
    STRCMP_EQUAL(topic, std::get_if<Publish>(&read[1])->topic.c_str());
    CHECK_FALSE(out.close);
  }
}

TEST(MqttSession, ClosesOnAnyOtherTopic) {
  for (const char* topic :
       {"a", "$dps/registrations/PUT/iotdps-register/", "$dps/registrations/res/200/?$rid=1",
        "$dps/registrations/PUT/iotdps-register/?rid=1",
        "$dps/registrations/PUT/iotdps-register/?$rid=",
        "$dps/registrations/PUT/iotdps-register/?$rid=a$b",
        "$dps/registrations/PUT/iotdps-register/?$rid=a/b",
        "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1",
        "$dps/registrations/GET/iotdps-get-operationstatus/?operationId=5.ab.cd",
        "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1&operationId=%zz"}) {
    made.reset();
    connect();
    subscribe();
    const MqttOutput out = send(Publish{topic, "", 1, false, false, 5});
    check_closes(out);
    CHECK_TRUE_TEXT(out.send.empty(), topic);
  }
}

TEST(MqttSession, ClosesOnQos2AndOnWhatAServerSends) {
  for (const Packet& packet :
       {Packet(Publish{kRegister, "", 2, false, false, 5}), Packet(Connack{}),
        Packet(Suback{1, {0}}), Packet(Unsuback{1}), Packet(Pingresp{})}) {
    made.reset();
    connect();
    check_closes(send(packet));
  }
}

TEST(MqttSession, BoundsTheRequestsThatAreOpen) {
  connect();
  subscribe();
  for (std::size_t i = 0; i < kMaxMqttRequests; ++i) register_device();
  check_closes(send(Publish{kRegister, "", 1, false, false, 5}));
}

// ---- The connection ----

TEST(MqttSession, AnswersAPing) {
  connect();
  only<Pingresp>(send(Pingreq{}));
}

TEST(MqttSession, ClosesQuietlyOnDisconnect) {
  connect();
  const MqttOutput out = send(Disconnect{});
  CHECK_TRUE(out.close);
  CHECK_TRUE(out.reason.empty());
  CHECK_TRUE(out.send.empty());
}

TEST(MqttSession, ClosesOnMalformedBytesAndTakesNoMore) {
  connect();
  check_closes(session().on_bytes(Bytes{0xF0, 0x00}));
  CHECK_TRUE(session().on_bytes(encode(Pingreq{})).send.empty());
}

TEST(MqttSession, ClosesWithoutAConnectInTime) {
  session();
  CHECK_TRUE(session().next_wake() == clock.monotonic() + kMqttConnectDeadline);
  CHECK_FALSE(session().on_bytes(Bytes{0x10}).close);
  clock.advance(kMqttConnectDeadline - std::chrono::milliseconds{1});
  CHECK_FALSE(session().on_time().close);
  clock.advance(std::chrono::milliseconds{1});
  check_closes(session().on_time());
}

TEST(MqttSession, ClosesAfterOneAndAHalfKeepAlivesOfSilence) {
  connect();
  clock.advance(std::chrono::seconds{200});
  only<Pingresp>(send(Pingreq{}));
  clock.advance(std::chrono::seconds{269});
  // Half a packet is no sign of life.
  CHECK_FALSE(session().on_bytes(Bytes{0xC0}).close);
  CHECK_FALSE(session().on_time().close);
  clock.advance(std::chrono::seconds{1});
  check_closes(session().on_time());
}

TEST(MqttSession, ClosesAfterALongSilenceWithoutKeepAlive) {
  auto wanted = connect_of("dev-1");
  wanted.keep_alive_seconds = 0;
  send(wanted);
  clock.advance(kMqttMaxSilence - std::chrono::milliseconds{1});
  CHECK_FALSE(session().on_time().close);
  clock.advance(std::chrono::milliseconds{1});
  check_closes(session().on_time());
}

TEST(MqttSession, SaysNothingAfterItIsClosed) {
  connect();
  subscribe();
  const auto token = register_device();
  send(Disconnect{});
  const MqttOutput out = session().on_reply(Reply{token, assigning()});
  CHECK_TRUE(out.send.empty());
}

// A whole registration as Node sends it, byte by byte.
TEST(MqttSession, SpeaksTheSameWhenBytesComeOneByOne) {
  Bytes wire;
  append(wire, encode(connect_of("dev-1")));
  append(wire, encode(Subscribe{1, {{kFilter, 1}}}));
  append(wire, encode(Publish{kRegister, "id dev-1", 1, false, false, 2}));
  append(wire, encode(Publish{kPoll, " ", 1, false, false, 3}));
  append(wire, encode(Unsubscribe{4, {kFilter}}));
  append(wire, encode(Disconnect{}));
  const MqttOutput at_once = session().on_bytes(wire);
  LONGS_EQUAL(2, at_once.requests.size());
  CHECK_TRUE(at_once.close);

  made.reset();
  Bytes sent;
  std::size_t requests = 0;
  bool closed = false;
  for (const std::uint8_t byte : wire) {
    CHECK_FALSE(closed);
    const MqttOutput out = session().on_bytes(ByteView(&byte, 1));
    append(sent, out.send);
    requests += out.requests.size();
    closed = out.close;
  }
  CHECK_TRUE(sent == at_once.send);
  LONGS_EQUAL(2, requests);
  CHECK_TRUE(closed);
}
