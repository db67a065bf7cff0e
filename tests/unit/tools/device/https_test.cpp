#include "tools/device/https.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/runtime/http_server.hpp"
#include "tests/unit/tools/device/fake_endpoint.hpp"

using namespace berth;
using namespace berth::testing;
using runtime::Task;

TEST_GROUP(HttpsTransport) {
  std::vector<http::Request> requests_;
  FakeEndpoint network_;

  void setup() override {
    network_.listen([this](runtime::TlsStream& stream) {
      const auto answer = [this](http::Request request) -> Task<http::Response> {
        return respond(std::move(request));
      };
      const auto refuse = [](int status) {
        http::Response response;
        response.status = status;
        return response;
      };
      return runtime::serve_http(stream, {}, answer, refuse);
    });
  }

  Task<http::Response> respond(http::Request request) {
    http::Response response;
    const bool is_register = request.method == "PUT";
    response.status = is_register ? 202 : 200;
    response.body = is_register ? kAssigning : kAssigned;
    if (is_register) response.headers.set("Retry-After", "0");
    requests_.push_back(std::move(request));
    co_return response;
  }
};

TEST(HttpsTransport, RegistersAndPollsUntilTheDeviceHasItsHub) {
  device::HttpsTransport transport(network_.services());
  const auto outcome = network_.loop().run(transport.register_device(network_.attempt()));
  CHECK_TRUE(outcome->assigned);
  STRCMP_EQUAL("hub.example", outcome->hub.c_str());
  STRCMP_EQUAL("/0ne00LAB001/registrations/dev-1/register?api-version=2021-10-01",
               requests_[0].target.c_str());
  STRCMP_EQUAL("/0ne00LAB001/registrations/dev-1/operations/4.a?api-version=2021-10-01",
               requests_[1].target.c_str());
  for (const http::Request& request : requests_) {
    CHECK_TRUE(request.headers.get("Authorization").starts_with("SharedAccessSignature sr="));
  }
}

TEST(HttpsTransport, AsksForANewAssignmentWhenForced) {
  auto attempt = network_.attempt();
  attempt.force = true;
  device::HttpsTransport transport(network_.services());
  CHECK_TRUE(network_.loop().run(transport.register_device(std::move(attempt)))->assigned);
  STRCMP_EQUAL(
      "/0ne00LAB001/registrations/dev-1/register?api-version=2021-10-01&forceRegistration=true",
      requests_[0].target.c_str());
}

TEST(HttpsTransport, KeepsItsConnectionForTheNextDeviceIfItIsTold) {
  device::HttpsTransport fresh(network_.services());
  device::HttpsTransport kept(network_.services(true));
  for (int i = 0; i < 2; ++i) {
    CHECK_TRUE(network_.loop().run(fresh.register_device(network_.attempt()))->assigned);
  }
  LONGS_EQUAL(2, network_.connections);
  for (const char* device : {"dev-1", "dev-2"}) {
    auto attempt = network_.attempt();
    attempt.identity.registration_id = device;
    CHECK_TRUE(network_.loop().run(kept.register_device(std::move(attempt)))->assigned);
  }
  LONGS_EQUAL(3, network_.connections);
}
