#include <set>
#include <string>

#include <CppUTest/TestHarness.h>

#include "coordinator/api/openapi_document.hpp"
#include "shared/base/encoding.hpp"
#include "tests/unit/coordinator/api/api_fixture.hpp"

using namespace berth;

namespace {

std::set<std::string> documented_routes() {
  const auto document = json::parse_object(coordinator::openapi_document(), {1024 * 1024, 64});
  BERTH_ASSERT(document.has_value());
  std::set<std::string> routes;
  for (const auto& [path, operations] : *document->if_contains("paths")->if_object()) {
    for (const auto& [method, operation] : *operations.if_object()) {
      routes.insert(std::string(method) + " " + std::string(path));
    }
  }
  return routes;
}

}  // namespace

TEST_GROUP(OpenApi) {
  berth::testing::ApiFixture fixture;
};

TEST(OpenApi, DescribesEveryEndpointAndNoOther) {
  std::set<std::string> served;
  for (const coordinator::Endpoint& endpoint : fixture.api->endpoints()) {
    served.insert(to_lower(endpoint.method) + " " + endpoint.path);
  }
  const std::set<std::string> documented = documented_routes();
  for (const std::string& route : served) {
    CHECK_TRUE_TEXT(documented.contains(route), (route + " is not documented").c_str());
  }
  for (const std::string& route : documented) {
    CHECK_TRUE_TEXT(served.contains(route), (route + " is not served").c_str());
  }
}

TEST(OpenApi, IsServedToEveryone) {
  const auto answer = fixture.send("GET", "/berth/v1/openapi.json", {}, {});
  CHECK_EQUAL(200, answer.status);
  STRCMP_EQUAL("3.1.0", answer.member("openapi").c_str());
}
