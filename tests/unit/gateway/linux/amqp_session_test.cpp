#include "gateway/linux/amqp_session.hpp"

#include <optional>
#include <proton/disposition.h>
#include <string>
#include <utility>
#include <variant>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/protocol/errors.hpp"
#include "tests/support/fake_body_codec.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/fake_gateway.hpp"
#include "tests/unit/gateway/linux/amqp_device.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

namespace {

const std::string kZero("\0", 1);
const std::string kDevice = "0ne00LAB001/registrations/dev-1";
const std::string kToken = "SharedAccessSignature sr=x";
constexpr std::uint64_t kOpen = 0x10;
constexpr std::uint64_t kAttach = 0x12;
constexpr std::uint64_t kFlow = 0x13;
constexpr std::uint64_t kSaslMechanisms = 0x40;
constexpr std::uint64_t kSaslChallenge = 0x42;
constexpr std::uint64_t kSaslOutcome = 0x44;

OperationReply operation(domain::RegistrationStatus status) {
  OperationReply reply;
  reply.status = {"5.ab.cd", status, std::nullopt};
  reply.retry_after = std::chrono::seconds{3};
  return reply;
}

}  // namespace

TEST_GROUP(AmqpSession) {
  FakeCache cache;
  FakeBodyCodec json;
  FakeCrypto crypto;
  FakeClock clock;
  FakeEntropy entropy;
  DevicePeer peer{{}, "192.0.2.7"};
  std::optional<AmqpSession> made;
  AmqpDevice device;
  SessionOutput last;                   // of the session
  std::vector<DeviceRequest> requests;  // that it made
  Bytes sent;                           // all that it sent

  AmqpSession& session() {
    if (!made) {
      made.emplace(SessionPorts{cache, json, crypto, clock, entropy}, peer,
                   domain::DeviceProtocol::amqp);
    }
    return *made;
  }
  void take(SessionOutput output) {
    append(sent, output.send);
    for (DeviceRequest& request : output.requests) requests.push_back(std::move(request));
    const bool was_closed = last.close;
    std::string reason = output.reason.empty() ? std::move(last.reason) : output.reason;
    last = std::move(output);
    last.close = last.close || was_closed;
    last.reason = std::move(reason);
  }
  void feed(ByteView bytes) {
    take(session().on_bytes(bytes));
  }
  // Until neither side has anything to say.
  void exchange() {
    for (;;) {
      if (!last.send.empty()) device.feed(std::exchange(last.send, {}));
      const Bytes output = device.take_output();
      if (output.empty() && last.send.empty()) return;
      if (!output.empty()) feed(output);
    }
  }
  void reply(RequestToken token, std::variant<OperationReply, ChallengeReply, Refusal> content) {
    Reply answer{token, {}};
    std::visit([&](auto& one) { answer.content = std::move(one); }, content);
    take(session().on_reply(answer));
    exchange();
  }
  void with_certificate(const char* subject = "CN=dev-1") {
    peer.chain = {crypto.make({.subject = subject, .issuer = "CN=ca"}).der};
  }
  void sasl_plain(const std::string& user = kDevice) {
    feed(kSaslHeaderOfDevice);
    feed(sasl_init("PLAIN", kZero + user + kZero + kToken));
    last.send.clear();
  }
  RequestToken register_device(const std::string& correlation_id = "c-1") {
    device.send(device_message("iotdps-register", "", "id dev-1", correlation_id));
    exchange();
    const auto* request = std::get_if<RegisterRequest>(&requests.back());
    CHECK_TRUE(request != nullptr);
    return request->token;
  }
  // The last frame of a kind in all that was sent.
  SentFrame frame(std::uint64_t descriptor) {
    std::optional<SentFrame> found;
    for (SentFrame& one : frames_in(sent)) {
      if (one.descriptor == descriptor) found = std::move(one);
    }
    CHECK_TRUE(found.has_value());
    return *found;
  }
  void check_link_refused(Errc code, const AmqpDevice::LinkOptions& options) {
    device.open(options);
    exchange();
    LONGS_EQUAL(2, device.detaches.size());
    const std::string document = "error " + std::to_string(protocol::device_error(code).error_code);
    const AmqpOutcome& one = device.detaches.at(0);
    CHECK_TRUE(one.condition == protocol::device_error(code).amqp_condition);
    CHECK_TRUE(one.description.starts_with(document));
    // Once is enough: Node's SDK waits for ever if its second link is closed with an error too.
    STRCMP_EQUAL("", device.detaches.at(1).condition.c_str());
    CHECK_FALSE(last.close);
    CHECK_FALSE(last.reason.empty());
    CHECK_TRUE(requests.empty());
  }
  void check_framing_error(ByteView bytes) {
    made.reset();
    last = {};
    feed(bytes);
    CHECK_TRUE(last.close);
    CHECK_FALSE(last.reason.empty());
    CHECK_FALSE(session().next_wake().has_value());
  }
};

// ---- Headers and SASL (device API 3.1) ----

TEST(AmqpSession, SpeaksWithoutSaslToACertificate) {
  with_certificate();
  device.open({});
  exchange();
  CHECK_TRUE(to_hex(ByteView(sent).first(8)) == "414d515000010000");
  register_device();
  const auto& claim = std::get_if<RegisterRequest>(&requests.at(0))->claim;
  STRCMP_EQUAL("0ne00LAB001", claim.id_scope.c_str());
  STRCMP_EQUAL("dev-1", claim.registration_id.c_str());
  STRCMP_EQUAL("2019-03-31", claim.api_version.c_str());
  STRCMP_EQUAL("192.0.2.7", claim.source.c_str());
  CHECK_TRUE(claim.chain == peer.chain);
  CHECK_TRUE(claim.sas_token.empty());
  CHECK_TRUE(claim.protocol == domain::DeviceProtocol::amqp);
}

TEST(AmqpSession, TakesPlainAndItsToken) {
  feed(kSaslHeaderOfDevice);
  CHECK_TRUE(to_hex(ByteView(sent).first(8)) == "414d515003010000");
  const auto mechanisms = frame(kSaslMechanisms);
  for (const char* offered : {"PLAIN", "TPM"}) {
    CHECK_TRUE(as_text(mechanisms.fields.at(0).content).find(offered) != std::string_view::npos);
  }
  feed(sasl_init("PLAIN", kZero + kDevice + kZero + kToken));
  LONGS_EQUAL(0, frame(kSaslOutcome).fields.at(0).number);
  last.send.clear();
  device.open({});
  exchange();
  register_device();
  const auto& claim = std::get_if<RegisterRequest>(&requests.at(0))->claim;
  CHECK_TRUE(as_text(claim.sas_token.reveal()) == kToken);
}

TEST(AmqpSession, TakesTheHeaderAndOpenThatADeviceSendsAhead) {
  Bytes all = to_bytes(ByteView(kSaslHeaderOfDevice));
  append(all, sasl_init("PLAIN", kZero + kDevice + kZero + kToken));
  device.open({});
  append(all, device.take_output());
  feed(all);
  CHECK_FALSE(last.close);
  CHECK_TRUE(frame(kAttach).fields.size() > 2);
}

TEST(AmqpSession, RefusesAMechanismWithOutcome1) {
  feed(kSaslHeaderOfDevice);
  feed(sasl_init("ANONYMOUS", ""));
  LONGS_EQUAL(1, frame(kSaslOutcome).fields.at(0).number);
  CHECK_TRUE(last.close);
  CHECK_FALSE(last.reason.empty());
}

// Found by fuzzing: proton hands a null pointer on.
TEST(AmqpSession, RefusesAnInitWithoutMechanism) {
  for (const char* fields : {"40", "a105504c41494e", "45"}) {
    made.reset();
    sent.clear();
    last = {};
    feed(kSaslHeaderOfDevice);
    feed(amqp_frame(1, 0, performative(0x41, 1, *from_hex(fields))));
    LONGS_EQUAL(1, frame(kSaslOutcome).fields.at(0).number);
    CHECK_TRUE(last.close);
  }
}

TEST(AmqpSession, AnswersAnotherProtocolWithTheOneItSpeaks) {
  for (const char* header : {"414d515002010000", "414d515000000901", "414d515001010000"}) {
    made.reset();
    sent.clear();
    last = {};
    feed(*from_hex(header));
    STRCMP_EQUAL("414d515003010000", to_hex(sent).c_str());
    CHECK_TRUE(last.close);
  }
}

TEST(AmqpSession, RefusesWhatIsNotAmqp) {
  check_framing_error(as_bytes("GET / HTTP/1.1\r\n\r\n"));
  check_framing_error(
      *from_hex("16030100"
                "a5010000"));  // TLS in TLS
}

TEST(AmqpSession, RefusesHeadersAndFramesOutOfTheirOrder) {
  Bytes twice = to_bytes(ByteView(kSaslHeaderOfDevice));
  append(twice, kSaslHeaderOfDevice);
  check_framing_error(twice);
  Bytes skipped = to_bytes(ByteView(kSaslHeaderOfDevice));
  append(skipped, kAmqpHeader);
  check_framing_error(skipped);
  Bytes late = to_bytes(ByteView(kAmqpHeader));
  append(late, sasl_init("PLAIN", "x"));
  check_framing_error(late);
  check_framing_error(sasl_init("PLAIN", "x"));
  Bytes again = to_bytes(ByteView(kSaslHeaderOfDevice));
  append(again, sasl_init("TPM", kZero + "scope" + kZero + "dev-1" + kZero + "EK"));
  append(again, sasl_init("TPM", kZero + "scope" + kZero + "dev-1" + kZero + "EK"));
  check_framing_error(again);
  Bytes response_first = to_bytes(ByteView(kSaslHeaderOfDevice));
  append(response_first, sasl_response(kZero));
  check_framing_error(response_first);
  Bytes second = to_bytes(ByteView(kAmqpHeader));
  append(second, kAmqpHeader);
  check_framing_error(second);
}

// Device API 3.4.
TEST(AmqpSession, GoesThroughTheMechanismTpm) {
  feed(kSaslHeaderOfDevice);
  feed(sasl_init("TPM", kZero + "0ne00LAB001" + kZero + "dev-1" + kZero + "EK"));
  CHECK_TRUE(to_hex(frame(kSaslChallenge).fields.at(0).content) == "00");
  feed(sasl_response(kZero + "SRK"));
  LONGS_EQUAL(1, requests.size());
  const auto* asked = std::get_if<RegisterRequest>(&requests.at(0));
  CHECK_TRUE(asked->claim.sas_token.empty());
  CHECK_TRUE(as_text(asked->body.tpm->endorsement_key) == "EK");
  CHECK_TRUE(as_text(asked->body.tpm->storage_root_key) == "SRK");
  take(session().on_reply({asked->token, ChallengeReply{Bytes(793, 'b')}}));
  LONGS_EQUAL(471, frame(kSaslChallenge).fields.at(0).content.size());
  LONGS_EQUAL(0x80, frame(kSaslChallenge).fields.at(0).content.front());
  feed(sasl_response(kZero));
  LONGS_EQUAL(324, frame(kSaslChallenge).fields.at(0).content.size());
  LONGS_EQUAL(0xC1, frame(kSaslChallenge).fields.at(0).content.front());
  feed(sasl_response(kZero + kToken));
  const SentFrame outcome = frame(kSaslOutcome);
  LONGS_EQUAL(0, outcome.fields.at(0).number);
  // Nothing of the challenge is repeated with it.
  CHECK_TRUE(outcome.fields.size() < 2 || outcome.fields.at(1).kind == amqp::Kind::null);
  last.send.clear();
  device.open({});
  exchange();
  register_device();
  const auto& claim = std::get_if<RegisterRequest>(&requests.at(1))->claim;
  CHECK_TRUE(as_text(claim.sas_token.reveal()) == kToken);
}

TEST(AmqpSession, RefusesATpmThatTheEngineDoesNotKnow) {
  feed(kSaslHeaderOfDevice);
  feed(sasl_init("TPM", kZero + "0ne00LAB001" + kZero + "dev-1" + kZero + "EK"));
  feed(sasl_response(kZero + "SRK"));
  take(session().on_reply({1, Refusal{Errc::not_found, "guid", {}}}));
  LONGS_EQUAL(1, frame(kSaslOutcome).fields.at(0).number);
  CHECK_TRUE(last.close);
}

// ---- Links (device API 3.2) ----

TEST(AmqpSession, RefusesLinksOfAnUnknownIdScope) {
  sasl_plain("0ne99999999/registrations/dev-1");
  check_link_refused(Errc::unauthorized, {.address = "0ne99999999/registrations/dev-1"});
}

TEST(AmqpSession, SaysOfEachAddressWhyItIsRefused) {
  sasl_plain();
  check_link_refused(Errc::unauthorized, {.address = "0ne00LAB001/registrations/dev-2"});
  device.open_sender("another", {.address = "0ne00LAB001/registrations/dev-3"});
  exchange();
  LONGS_EQUAL(3, device.detaches.size());
  STRCMP_EQUAL("amqp:unauthorized-access", device.detaches.at(2).condition.c_str());
}

TEST(AmqpSession, RefusesLinksOfAnotherDeviceThanSasls) {
  sasl_plain();
  check_link_refused(Errc::unauthorized, {.address = "0ne00LAB001/registrations/dev-2"});
}

TEST(AmqpSession, RefusesLinksThatNameNoDevice) {
  sasl_plain();
  check_link_refused(Errc::invalid, {.address = "0ne00LAB001/devices/dev-1"});
}

TEST(AmqpSession, RefusesLinksWithoutAnyCredential) {
  check_link_refused(Errc::unauthorized, {});
}

TEST(AmqpSession, RefusesLinksOfAnotherNameThanTheCertificates) {
  with_certificate("CN=dev-2");
  check_link_refused(Errc::certificate_refused, {});
}

TEST(AmqpSession, RefusesLinksOfACertificateThatDoesNotParse) {
  peer.chain = {Bytes{1, 2, 3}};
  check_link_refused(Errc::certificate_refused, {});
}

TEST(AmqpSession, TakesTheNamesOfADeviceInAnySpelling) {
  with_certificate("CN=DEV-1");
  device.open({.address = "0NE00lab001/registrations/Dev-1"});
  exchange();
  CHECK_TRUE(device.detaches.empty());
  register_device();
}

// What azure-uamqp-c looks at, and the addresses that it sends: by hand, as it sends them.
TEST(AmqpSession, AttachesAsTheCClientInsists) {
  sasl_plain();
  sent.clear();
  const std::string address = "amqps://localhost/" + kDevice;
  const auto terminus = [](std::uint8_t descriptor, const std::string& of) {
    Bytes fields;
    amqp::put_string(fields, of);
    return performative(descriptor, 1, fields);
  };
  const auto attach = [&](const char* name, std::uint8_t handle, bool as_receiver) {
    Bytes fields;
    amqp::put_string(fields, name);
    append(fields, Bytes{0x52, handle});
    fields.push_back(as_receiver ? 0x41 : 0x42);
    append(fields, Bytes{0x40, 0x40});  // settle modes
    append(fields, terminus(0x28, as_receiver ? address : "remote_endpoint"));
    append(fields, terminus(0x29, as_receiver ? "local_endpoint" : address));
    append(fields, Bytes{0x40, 0x40});                        // unsettled
    append(fields, as_receiver ? Bytes{0x40} : Bytes{0x43});  // initial-delivery-count
    append(fields, *from_hex("800000000000010000"));          // max-message-size
    append(fields, Bytes{0x40, 0x40});                        // capabilities
    Bytes properties;
    append(properties, *from_hex("a319"));
    append(properties, as_bytes("com.microsoft:api-version"));
    amqp::put_string(properties, "2021-06-01");
    amqp::put_map(fields, 2, properties);
    return amqp_frame(0, 0, performative(0x12, 14, fields));
  };
  Bytes open;
  amqp::put_string(open, "prov_connection");
  Bytes begin{0x40, 0x43};
  append(begin, *from_hex("700000006470000000c8"));  // windows
  Bytes all = to_bytes(ByteView(kAmqpHeader));
  append(all, amqp_frame(0, 0, performative(0x10, 1, open)));
  append(all, amqp_frame(0, 0, performative(0x11, 4, begin)));
  append(all, attach("recv_link", 0, true));
  append(all, attach("sender_link", 1, false));
  feed(all);
  CHECK_FALSE_TEXT(last.close, last.reason.c_str());

  constexpr std::size_t kInitialDeliveryCount = 9;
  constexpr std::size_t kMaxMessageSize = 10;
  std::size_t attached = 0;
  for (const SentFrame& one : frames_in(sent)) {
    if (one.descriptor != kAttach) continue;
    ++attached;
    const bool is_sender = one.fields.at(2).number == 0;
    CHECK_TRUE(one.fields.at(0).text() == (is_sender ? "recv_link" : "sender_link"));
    if (is_sender) {
      CHECK_TRUE(one.fields.at(kInitialDeliveryCount).kind == amqp::Kind::unsigned_number);
    }
    CHECK_TRUE(one.fields.at(kMaxMessageSize).number > 0);
    const auto echoed = [&one](std::size_t at) {
      ByteView items = amqp::section_of(one.fields.at(at))->value.content;
      return std::string(amqp::next_item(items)->text());
    };
    STRCMP_EQUAL(is_sender ? address.c_str() : "remote_endpoint", echoed(5).c_str());
    STRCMP_EQUAL(is_sender ? "local_endpoint" : address.c_str(), echoed(6).c_str());
  }
  LONGS_EQUAL(2, attached);
  // handle, delivery-count and link-credit, at once.
  const SentFrame flow = frame(kFlow);
  CHECK_TRUE(flow.fields.at(4).kind == amqp::Kind::unsigned_number);
  CHECK_TRUE(flow.fields.at(5).kind == amqp::Kind::unsigned_number);
  LONGS_EQUAL(kMaxAmqpRequests, flow.fields.at(6).number);
}

TEST(AmqpSession, TakesTheLeadingSlashOfJava) {
  sasl_plain();
  device.open({.address = "/" + kDevice});
  exchange();
  CHECK_TRUE(device.detaches.empty());
  register_device("");
  STRCMP_EQUAL("dev-1",
               std::get_if<RegisterRequest>(&requests.at(0))->claim.registration_id.c_str());
}

TEST(AmqpSession, RejectsMessagesIfNoLinkNamesAnApiVersion) {
  sasl_plain();
  device.open({.api_version = ""});
  exchange();
  device.send(device_message("iotdps-register", "", "", "c-1"));
  exchange();
  CHECK_TRUE(requests.empty());
  STRCMP_EQUAL("com.microsoft:argument-error", device.outcomes.at(0).condition.c_str());
}

// ---- Messages (device API 3.3) ----

TEST(AmqpSession, AcceptsAMessageAndRepliesOnTheOtherLink) {
  sasl_plain();
  device.open({});
  exchange();
  const RequestToken token = register_device();
  LONGS_EQUAL(0, device.outcomes.at(0).state);
  reply(token, operation(domain::RegistrationStatus::assigning));
  LONGS_EQUAL(PN_ACCEPTED, device.outcomes.at(0).state);
  LONGS_EQUAL(1, device.messages.size());
  const auto message = amqp::read_value(device.messages.at(0));
  CHECK_TRUE(as_text(device.messages.at(0)).find("c-1") != std::string_view::npos);
  CHECK_TRUE(as_text(device.messages.at(0)).find("operation 5.ab.cd assigning") !=
             std::string_view::npos);
  CHECK_TRUE(message.has_value());
  device.send(device_message("iotdps-get-operationstatus", "5.ab.cd", "", "c-2"));
  exchange();
  const auto* poll = std::get_if<PollRequest>(&requests.at(1));
  STRCMP_EQUAL("5.ab.cd", poll->operation_id.c_str());
  reply(poll->token, operation(domain::RegistrationStatus::assigned));
  LONGS_EQUAL(2, device.messages.size());
  CHECK_TRUE(as_text(device.messages.at(1)).find("c-2") != std::string_view::npos);
}

TEST(AmqpSession, RejectsARefusedMessageWithTheErrorDocument) {
  sasl_plain();
  device.open({});
  exchange();
  reply(register_device(), Refusal{Errc::throttled, "guid", std::chrono::seconds{30}});
  const AmqpOutcome& outcome = device.outcomes.at(0);
  LONGS_EQUAL(PN_REJECTED, outcome.state);
  STRCMP_EQUAL("com.microsoft:device-container-throttled", outcome.condition.c_str());
  STRCMP_EQUAL("error 429001 guid", outcome.description.c_str());
  LONGS_EQUAL(2, outcome.info.size());
  STRCMP_EQUAL("retry-after", outcome.info.at(0).first.c_str());
  STRCMP_EQUAL("Retry-After", outcome.info.at(1).first.c_str());
  LONGS_EQUAL(30, outcome.info.at(0).second);
  LONGS_EQUAL(30, outcome.info.at(1).second);
  CHECK_TRUE(device.messages.empty());
  CHECK_FALSE(last.close);
  // And the connection serves on.
  reply(register_device(), operation(domain::RegistrationStatus::assigning));
  LONGS_EQUAL(1, device.messages.size());
}

TEST(AmqpSession, RejectsAMessageThatDoesNotParse) {
  sasl_plain();
  device.open({});
  exchange();
  device.send(to_bytes("garbage"));
  exchange();
  STRCMP_EQUAL("com.microsoft:argument-error", device.outcomes.at(0).condition.c_str());
  CHECK_FALSE(last.close);
  // A hundred thousand levels deep, in as many bytes.
  device.send(Bytes(100000, 0x00));
  exchange();
  LONGS_EQUAL(PN_REJECTED, device.outcomes.at(1).state);
  CHECK_TRUE(requests.empty());
}

TEST(AmqpSession, DetachesTheLinkOfAMessageWhoseOutcomeNobodyReads) {
  sasl_plain();
  device.open({.pre_settled = true});
  exchange();
  reply(register_device(), Refusal{Errc::not_found, "guid", {}});
  LONGS_EQUAL(1, device.detaches.size());
  STRCMP_EQUAL("error 404201 guid", device.detaches.at(0).description.c_str());
}

TEST(AmqpSession, KeepsRepliesUntilTheDeviceGivesCredit) {
  sasl_plain();
  device.open({.credit = 0});
  exchange();
  reply(register_device(), operation(domain::RegistrationStatus::assigning));
  LONGS_EQUAL(PN_ACCEPTED, device.outcomes.at(0).state);
  CHECK_TRUE(device.messages.empty());
  device.give_credit(1);
  exchange();
  LONGS_EQUAL(1, device.messages.size());
}

TEST(AmqpSession, ClosesSoonAfterItRefusedTheCredentials) {
  sasl_plain();
  device.open({});
  exchange();
  reply(register_device(), Refusal{Errc::unauthorized, "guid", {}});
  STRCMP_EQUAL("amqp:unauthorized-access", device.outcomes.at(0).condition.c_str());
  CHECK_FALSE(last.close);
  CHECK_TRUE(*session().next_wake() <= clock.monotonic() + kAmqpRefusalLinger);
  clock.advance(kAmqpRefusalLinger);
  take(session().on_time());
  exchange();
  CHECK_TRUE(last.close);
  CHECK_TRUE(device.closed.has_value());
}

TEST(AmqpSession, TakesNoMessageAfterItRefusedTheCredentials) {
  sasl_plain();
  device.open({});
  exchange();
  reply(register_device(), Refusal{Errc::unauthorized, "guid", {}});
  device.send(device_message("iotdps-register", "", "", "c-2"));
  exchange();
  CHECK_TRUE(last.close);
  LONGS_EQUAL(1, requests.size());
}

TEST(AmqpSession, SaysGoodbyeToADeviceThatCloses) {
  sasl_plain();
  device.open({});
  exchange();
  device.close();
  exchange();
  CHECK_TRUE(last.close);
  CHECK_TRUE(last.reason.empty());
  CHECK_TRUE(device.closed.has_value());
  CHECK_FALSE(session().next_wake().has_value());
  // Late replies and time find nobody.
  CHECK_FALSE(session().on_reply({1, Refusal{}}).close);
  CHECK_FALSE(session().on_time().close);
  CHECK_TRUE(session().on_bytes(kAmqpHeader).send.empty());
}

// ---- Limits ----

TEST(AmqpSession, BoundsTheRequestsAtOneTime) {
  sasl_plain();
  device.open({});
  exchange();
  for (std::size_t i = 0; i < kMaxAmqpRequests; ++i) register_device();
  CHECK_FALSE(last.close);
  LONGS_EQUAL(kMaxAmqpRequests, requests.size());
  // The device has no credit for one more; if it takes it all the same:
  device.send(device_message("iotdps-register", "", "", "c"));
  exchange();
  CHECK_FALSE(last.close);
  // The sender is the second link: handle 1.
  Bytes fields{0x52, 0x01, 0x52, static_cast<std::uint8_t>(kMaxAmqpRequests)};
  amqp::put_binary(fields, as_bytes("tag"));
  append(fields, Bytes{0x43, 0x42});
  Bytes body = performative(0x14, 5, fields);
  append(body, device_message("iotdps-register", "", "", "c"));
  feed(amqp_frame(0, 0, body));
  CHECK_TRUE(last.close);
  LONGS_EQUAL(kMaxAmqpRequests, requests.size());
}

TEST(AmqpSession, CountsRepliesThatTheDeviceDoesNotTake) {
  sasl_plain();
  device.open({.credit = 0});
  exchange();
  for (std::size_t i = 0; i < kMaxAmqpRequests; ++i) {
    reply(register_device(), operation(domain::RegistrationStatus::assigning));
  }
  CHECK_FALSE(last.close);
  device.send(device_message("iotdps-register", "", "", "c"));
  exchange();
  CHECK_TRUE(last.close);
  STRCMP_EQUAL("amqp:resource-limit-exceeded", device.closed->condition.c_str());
}

TEST(AmqpSession, BoundsMessages) {
  sasl_plain();
  device.open({});
  exchange();
  const Bytes small = device_message("iotdps-register", "", "id dev-1", "c");
  const auto padded = [&small](std::size_t size) {
    Bytes message = small;
    amqp::put_descriptor(message, 0x78);  // a footer
    Bytes entry;
    amqp::put_string(entry, "x");
    const std::size_t around = message.size() + 9 + entry.size() + 5;
    amqp::put_binary(entry, Bytes(size - around, 0));
    amqp::put_map(message, 2, entry);
    return message;
  };
  LONGS_EQUAL(kMaxAmqpMessage, padded(kMaxAmqpMessage).size());
  device.send(padded(kMaxAmqpMessage));
  exchange();
  LONGS_EQUAL(1, requests.size());
  device.send(padded(kMaxAmqpMessage + 1));
  exchange();
  LONGS_EQUAL(1, requests.size());
  LONGS_EQUAL(1, device.detaches.size());
  STRCMP_EQUAL("amqp:link:message-size-exceeded", device.detaches.at(0).condition.c_str());
}

TEST(AmqpSession, BoundsAMessageThatHasNoEnd) {
  sasl_plain();
  device.open({});
  exchange();
  device.send_part(Bytes(kMaxAmqpMessage + 1, 'x'));
  exchange();
  LONGS_EQUAL(1, device.detaches.size());
}

TEST(AmqpSession, BoundsLinks) {
  sasl_plain();
  device.open({});
  for (std::size_t i = 2; i < kMaxAmqpLinks; ++i) {
    device.open_sender("sender-" + std::to_string(i), {});
  }
  exchange();
  CHECK_FALSE(last.close);
  device.open_sender("one-more", {});
  exchange();
  CHECK_TRUE(last.close);
  STRCMP_EQUAL("amqp:resource-limit-exceeded", device.closed->condition.c_str());
}

TEST(AmqpSession, BoundsSessions) {
  sasl_plain();
  device.open({});
  for (std::size_t i = 1; i < kMaxAmqpSessions; ++i) device.open_session();
  exchange();
  CHECK_FALSE(last.close);
  // On a channel that was not agreed on.
  Bytes begin{0x40, 0x43, 0x52, 0x64, 0x52, 0x64};
  feed(amqp_frame(0, kMaxAmqpSessions, performative(0x11, 4, begin)));
  CHECK_TRUE(last.close);
  CHECK_FALSE(last.reason.empty());
}

TEST(AmqpSession, TellsItsFrameSizeAndIdleTimeOut) {
  sasl_plain();
  device.open({});
  exchange();
  const SentFrame open = frame(kOpen);
  LONGS_EQUAL(kMaxAmqpFrame, open.fields.at(2).number);
  LONGS_EQUAL(kMaxAmqpSessions - 1, open.fields.at(3).number);
  LONGS_EQUAL(std::chrono::milliseconds(kAmqpMaxSilence).count() / 2, open.fields.at(4).number);
}

// ---- Time ----

TEST(AmqpSession, WaitsForTheFirstLinkOnlySoLong) {
  feed(kSaslHeaderOfDevice);
  clock.advance(kAmqpOpenDeadline - std::chrono::milliseconds{1});
  CHECK_FALSE(session().on_time().close);
  // SASL, an open and a trickle do not move it.
  feed(sasl_init("PLAIN", kZero + kDevice + kZero + kToken));
  feed(kAmqpHeader);
  Bytes open;
  amqp::put_string(open, "dev");
  feed(amqp_frame(0, 0, performative(0x10, 1, open)));
  CHECK_FALSE(last.close);
  clock.advance(std::chrono::milliseconds{1});
  take(session().on_time());
  CHECK_TRUE(last.close);
  CHECK_FALSE(last.reason.empty());
}

TEST(AmqpSession, EndsASilentConnection) {
  sasl_plain();
  device.open({});
  exchange();
  clock.advance(kAmqpMaxSilence - std::chrono::milliseconds{1});
  CHECK_FALSE(session().on_time().close);
  // The beginning of a frame is no sign of life; a whole one is.
  feed(*from_hex("000000"));
  clock.advance(std::chrono::milliseconds{1});
  take(session().on_time());
  exchange();
  CHECK_TRUE(last.close);
  STRCMP_EQUAL("amqp:connection:forced", device.closed->condition.c_str());
}

TEST(AmqpSession, ServesADeviceThatSaysThatItIsThere) {
  sasl_plain();
  device.open({});
  exchange();
  for (int i = 0; i < 3; ++i) {
    clock.advance(kAmqpMaxSilence - std::chrono::milliseconds{1});
    feed(amqp_frame(0, 0, {}));
    take(session().on_time());
  }
  CHECK_FALSE(last.close);
}

TEST(AmqpSession, SaysThatItIsThereWithinTheDevicesIdleTimeOut) {
  sasl_plain();
  device.open({.idle_timeout_ms = 10000});
  exchange();
  CHECK_TRUE(*session().next_wake() < clock.monotonic() + std::chrono::seconds{10});
  sent.clear();
  clock.advance(
      std::chrono::ceil<std::chrono::microseconds>(*session().next_wake() - clock.monotonic()));
  take(session().on_time());
  LONGS_EQUAL(1, frames_in(sent).size());
  LONGS_EQUAL(8, sent.size());
}

// ---- Hostile bytes ----

TEST(AmqpSession, WaitsForTheRestWhereverBytesAreCut) {
  Bytes whole = to_bytes(ByteView(kSaslHeaderOfDevice));
  append(whole, sasl_init("PLAIN", kZero + kDevice + kZero + kToken));
  device.open({});
  append(whole, device.take_output());
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    made.reset();
    last = {};
    feed(ByteView(whole).first(cut));
    CHECK_FALSE(last.close);
    feed(ByteView(whole).subspan(cut));
    CHECK_FALSE(last.close);
    LONGS_EQUAL(kFlow, frames_in(sent).back().descriptor);  // the links are answered
    sent.clear();
  }
}

TEST(AmqpSession, EndsConnectionsWhoseFramesLie) {
  const Bytes header = to_bytes(ByteView(kAmqpHeader));
  const auto after_header = [&header](Bytes bytes) {
    Bytes all = header;
    append(all, bytes);
    return all;
  };
  check_framing_error(after_header(*from_hex("ffffffff02000000")));  // four gigabytes
  check_framing_error(after_header(*from_hex("0000000002000000")));
  check_framing_error(after_header(*from_hex("0000000c0f000000")));
  check_framing_error(after_header(amqp_frame(0, 0, *from_hex("005310c0ff0140"))));
  check_framing_error(after_header(amqp_frame(0, 0, *from_hex("005310d0ffffffff0000000140"))));
  check_framing_error(after_header(amqp_frame(0, 0,
                                              *from_hex("005310c0090d"
                                                        "f000000005ffffffff"))));
  check_framing_error(after_header(amqp_frame(0, 0, Bytes(4000, 0x00))));
}

TEST(AmqpSession, EndsConnectionsThatSpeakOutOfTurn) {
  const auto opened_and = [](ByteView frame) {
    Bytes all = to_bytes(ByteView(kAmqpHeader));
    Bytes open;
    amqp::put_string(open, "dev");
    append(all, amqp_frame(0, 0, performative(0x10, 1, open)));
    append(all, frame);
    return all;
  };
  // A transfer, a flow, a disposition and a detach on a channel that was never begun.
  check_framing_error(opened_and(amqp_frame(0, 3, performative(0x14, 2, Bytes{0x43, 0x43}))));
  check_framing_error(
      opened_and(amqp_frame(0, 3, performative(0x13, 4, Bytes{0x43, 0x43, 0x43, 0x43}))));
  check_framing_error(opened_and(amqp_frame(0, 3, performative(0x15, 2, Bytes{0x41, 0x43}))));
  check_framing_error(opened_and(amqp_frame(0, 3, performative(0x16, 1, Bytes{0x43}))));
}
