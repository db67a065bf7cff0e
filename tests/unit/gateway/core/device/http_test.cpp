#include "gateway/core/device/http.hpp"

#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "tests/support/fake_body_codec.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

namespace {

constexpr const char* kVersion = "?api-version=2019-03-31";

http::Request request(const std::string& method, const std::string& target,
                      const std::string& body = "") {
  http::Request out;
  out.method = method;
  out.target = target;
  out.body = body;
  out.headers.set("Content-Type", "application/json; charset=utf-8");
  out.headers.set("Authorization", "SharedAccessSignature sr=x");
  return out;
}

http::Request register_request(const std::string& body = "id dev-1") {
  return request("PUT", std::string("/0ne00LAB001/registrations/dev-1/register") + kVersion, body);
}

}  // namespace

TEST_GROUP(DeviceHttp) {
  FakeBodyCodec json;
  FakeClock clock;
  FakeEntropy entropy;
  DeviceHttp http{json, clock, entropy};
  DevicePeer peer{{Bytes{1, 2, 3}}, "192.0.2.7"};

  template <class T>
  T accepted(const http::Request& from) {
    auto read = http.read(from, peer, 42);
    const auto* got = std::get_if<DeviceRequest>(&read);
    CHECK_TRUE(got != nullptr);
    const T* kind = std::get_if<T>(got);
    CHECK_TRUE(kind != nullptr);
    return *kind;
  }
  HttpRefusal refused(const http::Request& from, int status) {
    auto read = http.read(from, peer, 42);
    const auto* got = std::get_if<HttpRefusal>(&read);
    CHECK_TRUE(got != nullptr);
    LONGS_EQUAL(status, got->response.status);
    CHECK_FALSE(got->reason.empty());
    return *got;
  }
};

TEST(DeviceHttp, ReadsARegister) {
  const auto read = accepted<RegisterRequest>(register_request());
  LONGS_EQUAL(42, read.token);
  STRCMP_EQUAL("0ne00LAB001", read.claim.id_scope.c_str());
  STRCMP_EQUAL("dev-1", read.claim.registration_id.c_str());
  STRCMP_EQUAL("2019-03-31", read.claim.api_version.c_str());
  STRCMP_EQUAL("192.0.2.7", read.claim.source.c_str());
  CHECK_TRUE(read.claim.sas_token == SecretBytes::copy_of(as_bytes("SharedAccessSignature sr=x")));
  CHECK_TRUE(read.claim.chain == peer.chain);
  STRCMP_EQUAL("dev-1", read.body.registration_id->c_str());
}

TEST(DeviceHttp, ToleratesWhatSdksSend) {
  // Percent-encoded segments, a force parameter, an odd content encoding, no content type, no body.
  auto sent =
      request("PUT",
              "/0ne00LAB001/registrations/a%3Ab/register?forceRegistration=true&api-version="
              "2025-07-01-preview");
  sent.headers = {};
  sent.headers.set("Content-Encoding", "utf-8");
  sent.headers.set("UserAgent", "c");
  const auto read = accepted<RegisterRequest>(sent);
  STRCMP_EQUAL("a:b", read.claim.registration_id.c_str());
  CHECK_TRUE(read.claim.sas_token.empty());
  CHECK_FALSE(read.body.registration_id.has_value());
}

TEST(DeviceHttp, ReadsAPollAndIgnoresItsBody) {
  const auto read = accepted<PollRequest>(
      request("GET", std::string("/0ne00LAB001/registrations/dev-1/operations/5.ab.cd") + kVersion,
              "{ not looked at"));
  STRCMP_EQUAL("5.ab.cd", read.operation_id.c_str());
}

TEST(DeviceHttp, ReadsAStatusLookup) {
  const auto read = accepted<StatusRequest>(
      request("POST", std::string("/0ne00LAB001/registrations/dev-1") + kVersion, "csr"));
  CHECK_TRUE(read.body.has_csr);
}

TEST(DeviceHttp, RefusesWhatIsNotTheDeviceApi) {
  struct Case {
    const char* method;
    std::string target;
    int status;
  };
  const std::string v = kVersion;
  const std::vector<Case> cases = {
      {"GET", "/", 404},
      {"GET", "/favicon.ico", 404},
      {"PUT", "/0ne00LAB001/enrollments/dev-1/register" + v, 404},
      {"PUT", "/0ne00LAB001/registrations/dev-1/unregister" + v, 404},
      {"PUT", "/0ne00LAB001/registrations/dev-1/register/more" + v, 404},
      {"GET", "/0ne00LAB001/registrations/dev-1/operations/a/b" + v, 404},
      {"POST", "/0ne00LAB001/registrations/dev-1/register" + v, 405},
      {"PUT", "/0ne00LAB001/registrations/dev-1" + v, 405},
      {"DELETE", "/0ne00LAB001/registrations/dev-1" + v, 405},
      {"POST", "/0ne00LAB001/registrations/dev-1/operations/x" + v, 405},
      // IDs left out.
      {"PUT", "/registrations/dev-1/register" + v, 405},
      {"PUT", "/0ne00LAB001/registrations//register" + v, 405},
      {"GET", "/0ne00LAB001/registrations/dev-1/operations/" + v, 405},
      {"POST", "/0ne00LAB001/registrations/" + v, 405},
      {"PUT", "/0ne00LAB001/registrations/dev-1/register", 400},
      {"PUT", "/0ne00LAB001/registrations/dev-1/register?api-version=latest", 400},
      {"PUT", "/0ne00LAB001/registrations/%zz/register" + v, 400},
  };
  for (const Case& c : cases) {
    const HttpRefusal refusal = refused(request(c.method, c.target), c.status);
    const http::Response& response = refusal.response;
    CHECK_TEXT(response.headers.get("x-ms-error-code") == std::to_string(c.status * 1000),
               c.target.c_str());
    CHECK_TEXT(response.body == "error " + std::to_string(c.status * 1000) + " " +
                                    std::string(response.headers.get("x-ms-request-id")),
               c.target.c_str());
  }
}

TEST(DeviceHttp, NamesTheMethodThatAPathTakes) {
  const auto refusal = refused(
      request("GET", std::string("/0ne00LAB001/registrations/dev-1/register") + kVersion), 405);
  STRCMP_EQUAL("PUT", std::string(refusal.response.headers.get("Allow")).c_str());
}

TEST(DeviceHttp, RefusesABodyThatIsNotJson) {
  for (const char* type : {"text/plain", "application/xml; charset=utf-8", "application/jsonx"}) {
    auto sent = register_request();
    sent.headers.set("Content-Type", type);
    refused(sent, 415);
  }
  for (const char* type : {"application/json", "Application/JSON ;charset=utf-8"}) {
    auto sent = register_request();
    sent.headers.set("Content-Type", type);
    accepted<RegisterRequest>(sent);
  }
}

TEST(DeviceHttp, RefusesAMalformedAndAnOversizedBody) {
  refused(register_request("nonsense"), 400);
  accepted<RegisterRequest>(register_request(std::string(protocol::kMaxDeviceBody, ' ')));
  const auto refusal =
      refused(register_request(std::string(protocol::kMaxDeviceBody + 1, ' ')), 413);
  STRCMP_EQUAL("413201", std::string(refusal.response.headers.get("x-ms-error-code")).c_str());
}

TEST(DeviceHttp, AnswersRegisterWith202AndTheWayToTheOperation) {
  OperationReply reply;
  reply.status = {"5.ab.cd", domain::RegistrationStatus::assigning, std::nullopt};
  reply.retry_after = std::chrono::seconds{1};
  const http::Response response = http.write(register_request(), Reply{42, reply});
  LONGS_EQUAL(202, response.status);
  STRCMP_EQUAL("1", std::string(response.headers.get("Retry-After")).c_str());
  STRCMP_EQUAL("/0ne00LAB001/registrations/dev-1/operations/5.ab.cd?api-version=2019-03-31",
               std::string(response.headers.get("Location")).c_str());
  STRCMP_EQUAL("application/json; charset=utf-8",
               std::string(response.headers.get("Content-Type")).c_str());
  LONGS_EQUAL(36, response.headers.get("x-ms-request-id").size());
  STRCMP_EQUAL("operation 5.ab.cd assigning", response.body.c_str());
}

TEST(DeviceHttp, AnswersAPollWith202WhileItRunsAnd200AtItsEnd) {
  const auto poll =
      request("GET", std::string("/0ne00LAB001/registrations/dev-1/operations/5.ab.cd") + kVersion);
  OperationReply reply;
  reply.status = {"5.ab.cd", domain::RegistrationStatus::assigning, std::nullopt};
  reply.retry_after = std::chrono::seconds{1};
  LONGS_EQUAL(202, http.write(poll, Reply{42, reply}).status);
  for (const auto status :
       {domain::RegistrationStatus::assigned, domain::RegistrationStatus::failed}) {
    reply.status.status = status;
    const http::Response done = http.write(poll, Reply{42, reply});
    LONGS_EQUAL(200, done.status);
    CHECK_FALSE(done.headers.has("Retry-After"));
    CHECK_FALSE(done.headers.has("Location"));
  }
}

TEST(DeviceHttp, AnswersALookupWithTheRegistrationItself) {
  RegistrationReply reply;
  reply.result.registration.registration_id = *domain::RegistrationId::parse("dev-1");
  const http::Response response =
      http.write(request("POST", std::string("/0ne00LAB001/registrations/dev-1") + kVersion),
                 Reply{42, reply});
  LONGS_EQUAL(200, response.status);
  STRCMP_EQUAL("registration dev-1", response.body.c_str());
}

TEST(DeviceHttp, AnswersARefusalByTheCatalogue) {
  const http::Response response =
      http.write(register_request(), Reply{42, Refusal{Errc::unauthorized, "track", {}}});
  LONGS_EQUAL(401, response.status);
  STRCMP_EQUAL("401002", std::string(response.headers.get("x-ms-error-code")).c_str());
  STRCMP_EQUAL("track", std::string(response.headers.get("x-ms-request-id")).c_str());
  STRCMP_EQUAL("error 401002 track", response.body.c_str());
  CHECK_FALSE(response.headers.has("Retry-After"));

  const http::Response busy = http.write(
      register_request(), Reply{42, Refusal{Errc::throttled, "track", std::chrono::seconds{30}}});
  LONGS_EQUAL(429, busy.status);
  STRCMP_EQUAL("30", std::string(busy.headers.get("Retry-After")).c_str());
}

// Device API 4.2: a 401 without an error code, so that C's client takes it for a challenge.
TEST(DeviceHttp, WritesATpmsChallenge) {
  const auto response = http.write(register_request(), Reply{42, ChallengeReply{{0xAB, 0xCD}}});
  LONGS_EQUAL(401, response.status);
  STRCMP_EQUAL("challenge abcd", response.body.c_str());
  STRCMP_EQUAL("application/json; charset=utf-8",
               std::string(response.headers.get("Content-Type")).c_str());
  CHECK_TRUE(response.headers.get("x-ms-error-code").empty());
  CHECK_FALSE(response.headers.get("x-ms-request-id").empty());
}

TEST(DeviceHttp, MakesBodiesForWhatTheReaderRefuses) {
  for (const int status : {400, 408, 413, 431, 500}) {
    const http::Response response = http.refuse(status);
    LONGS_EQUAL(status, response.status);
    CHECK_TRUE(response.body.starts_with("error " + std::to_string(status * 1000)));
  }
}
