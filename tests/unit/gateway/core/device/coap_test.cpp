#include "gateway/core/device/coap.hpp"

#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "tests/support/fake_body_codec.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

TEST_GROUP(DeviceCoap) {
  FakeBodyCodec json;
  FakeClock clock;
  FakeEntropy entropy;
  DeviceCoap coap{json, clock, entropy};
  CoapPeer peer;

  void setup() override {
    peer.source = "192.0.2.7";
    peer.chain = {Bytes{1, 2, 3}};
  }

  static CoapRequest request(CoapMethod method, std::vector<std::string> path,
                             std::string payload = "") {
    CoapRequest out;
    out.method = method;
    out.path = std::move(path);
    out.payload = std::move(payload);
    return out;
  }
  static CoapRequest register_request(std::string payload = "id dev-1") {
    return request(CoapMethod::put, {"0ne00LAB001", "registrations", "dev-1", "register"},
                   std::move(payload));
  }
  template <class T>
  T accepted(const CoapRequest& from) {
    auto read = coap.read(from, peer, 42);
    const auto* got = std::get_if<DeviceRequest>(&read);
    CHECK_TRUE(got != nullptr);
    const T* kind = std::get_if<T>(got);
    CHECK_TRUE(kind != nullptr);
    return *kind;
  }
  CoapResponse refused(const CoapRequest& from, int klass, int detail) {
    auto read = coap.read(from, peer, 42);
    const auto* got = std::get_if<CoapRefusal>(&read);
    CHECK_TRUE(got != nullptr);
    LONGS_EQUAL(CoapCode::of(klass, detail).value, got->response.code.value);
    CHECK_FALSE(got->reason.empty());
    return got->response;
  }
  static Reply operation(domain::RegistrationStatus status, std::chrono::seconds retry_after) {
    Reply reply;
    OperationReply content;
    content.status.operation_id = "4.a.b";
    content.status.status = status;
    content.retry_after = retry_after;
    reply.content = std::move(content);
    return reply;
  }
};

TEST(DeviceCoap, ReadsARegisterByEitherMethod) {
  for (const CoapMethod method : {CoapMethod::put, CoapMethod::post}) {
    CoapRequest sent = register_request();
    sent.method = method;
    sent.query = {"api-version=2021-06-01"};
    sent.content_format = kCoapJson;
    sent.accept = kCoapJson;
    const auto read = accepted<RegisterRequest>(sent);
    LONGS_EQUAL(42, read.token);
    STRCMP_EQUAL("0ne00LAB001", read.claim.id_scope.c_str());
    STRCMP_EQUAL("dev-1", read.claim.registration_id.c_str());
    STRCMP_EQUAL("2021-06-01", read.claim.api_version.c_str());
    STRCMP_EQUAL("192.0.2.7", read.claim.source.c_str());
    CHECK_TRUE(read.claim.chain == peer.chain);
    CHECK_TRUE(read.claim.protocol == domain::DeviceProtocol::coap);
    STRCMP_EQUAL("dev-1", read.body.registration_id->c_str());
  }
}

TEST(DeviceCoap, TheClaimCarriesWhatThePreSharedKeyProved) {
  peer.chain.clear();
  peer.psk = domain::PskProof{*domain::parse_psk_identity("0ne00000001/dev-1/s"),
                              SecretBytes(to_bytes("key"))};
  const auto read = accepted<RegisterRequest>(register_request());
  CHECK_TRUE(read.claim.psk->identity.slot == domain::KeySlot::secondary);
  CHECK_TRUE(read.claim.psk->key == peer.psk->key);
}

TEST(DeviceCoap, ASmallDeviceMayLeaveOutVersionFormatAndBody) {
  const auto read = accepted<RegisterRequest>(register_request(""));
  STRCMP_EQUAL("2021-10-01", read.claim.api_version.c_str());
  CHECK_FALSE(read.body.registration_id.has_value());
}

TEST(DeviceCoap, ReadsAPoll) {
  const auto read = accepted<PollRequest>(
      request(CoapMethod::get, {"0ne00LAB001", "registrations", "dev-1", "operations", "4.a.b"}));
  STRCMP_EQUAL("4.a.b", read.operation_id.c_str());
}

TEST(DeviceCoap, ReadsAStatusLookupByEitherMethod) {
  for (const CoapMethod method : {CoapMethod::get, CoapMethod::post}) {
    const auto read =
        accepted<StatusRequest>(request(method, {"0ne00LAB001", "registrations", "dev-1"}, "csr"));
    CHECK_TRUE(read.body.has_csr);
  }
}

TEST(DeviceCoap, RefusesWhatIsNotTheDeviceApi) {
  refused(request(CoapMethod::get, {}), 4, 4);
  refused(request(CoapMethod::get, {"0ne00LAB001"}), 4, 4);
  refused(request(CoapMethod::put, {"0ne00LAB001", "devices", "dev-1", "register"}), 4, 4);
  refused(request(CoapMethod::put, {"0ne00LAB001", "registrations", "dev-1", "enroll"}), 4, 4);
  refused(request(CoapMethod::put, {"a", "registrations", "b", "register", "c", "d"}), 4, 4);
  refused(request(CoapMethod::get, {"0ne00LAB001", "registrations", "dev-1", "register"}), 4, 5);
  refused(request(CoapMethod::put, {"0ne00LAB001", "registrations", "dev-1"}), 4, 5);
  refused(request(CoapMethod::other, {"0ne00LAB001", "registrations", "dev-1"}), 4, 5);
  refused(
      request(CoapMethod::put, {"0ne00LAB001", "registrations", "dev-1", "operations", "4.a.b"}), 4,
      5);
}

TEST(DeviceCoap, RefusesOtherFormatsAndVersions) {
  CoapRequest sent = register_request();
  sent.query = {"api-version=yesterday"};
  refused(sent, 4, 0);
  sent.query.clear();
  sent.content_format = 60;  // CBOR
  refused(sent, 4, 15);
  sent.content_format = kCoapJson;
  sent.accept = 60;
  refused(sent, 4, 6);
}

TEST(DeviceCoap, ABodyThatDoesNotParseGetsTheCataloguesAnswer) {
  const CoapResponse response = refused(register_request("{"), 4, 0);
  CHECK_TRUE(response.content_format == kCoapJson);
  STRCMP_CONTAINS("error 400201", response.payload.c_str());
}

TEST(DeviceCoap, ABodyIsTakenUpToTheLimit) {
  accepted<RegisterRequest>(register_request(std::string(protocol::kMaxDeviceBody, ' ')));
  refused(register_request(std::string(protocol::kMaxDeviceBody + 1, ' ')), 4, 13);
}

TEST(DeviceCoap, WhileAssigningMaxAgeSaysWhenToAskAgain) {
  const Reply reply = operation(domain::RegistrationStatus::assigning, std::chrono::seconds{7});
  CoapResponse response = coap.write(CoapMethod::put, reply);
  CHECK_TRUE(response.code == kCoapChanged);
  LONGS_EQUAL(7, *response.max_age);
  STRCMP_EQUAL("operation 4.a.b assigning", response.payload.c_str());
  CHECK_TRUE(response.content_format == kCoapJson);
  response = coap.write(CoapMethod::get, reply);
  CHECK_TRUE(response.code == kCoapContent);
}

TEST(DeviceCoap, AFinalAnswerIsForNoCache) {
  const Reply reply = operation(domain::RegistrationStatus::assigned, std::chrono::seconds{7});
  LONGS_EQUAL(0, *coap.write(CoapMethod::get, reply).max_age);
  Reply registration;
  registration.content.emplace<RegistrationReply>();
  LONGS_EQUAL(0, *coap.write(CoapMethod::get, registration).max_age);
}

TEST(DeviceCoap, ARefusalHasTheCodeOfItsHttpStatus) {
  struct Case {
    Errc code;
    int klass;
    int detail;
  };
  for (const Case& one :
       {Case{Errc::malformed, 4, 0}, Case{Errc::unauthorized, 4, 1}, Case{Errc::disabled, 4, 3},
        Case{Errc::not_found, 4, 4}, Case{Errc::conflict, 4, 9}, Case{Errc::too_large, 4, 13},
        Case{Errc::throttled, 4, 29}, Case{Errc::internal, 5, 0}, Case{Errc::unavailable, 5, 3},
        Case{Errc::timed_out, 5, 4}}) {
    Reply reply;
    reply.content = Refusal{one.code, "tracking", std::chrono::seconds{0}};
    const CoapResponse response = coap.write(CoapMethod::put, reply);
    LONGS_EQUAL(CoapCode::of(one.klass, one.detail).value, response.code.value);
    CHECK_FALSE(response.max_age.has_value());
    STRCMP_CONTAINS("tracking", response.payload.c_str());
  }
}

TEST(DeviceCoap, ThrottledAndUnavailableSayWhenToTryAgain) {
  for (const Errc code : {Errc::throttled, Errc::unavailable}) {
    Reply reply;
    reply.content = Refusal{code, "tracking", std::chrono::seconds{30}};
    LONGS_EQUAL(30, *coap.write(CoapMethod::put, reply).max_age);
  }
}
