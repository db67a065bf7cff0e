#include "tools/cli/service_client.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::cli;

namespace {

constexpr const char* kLogin =
    "HostName=127.0.0.1:1;SharedAccessKeyName=Operator;SharedAccessKey=AQID";

}  // namespace

TEST_GROUP(ServiceClient){};

TEST(ServiceClient, EncodesIdsInPaths) {
  STRCMP_EQUAL("/enrollments/Dev%3A1%2F..", path_of("/enrollments", "Dev:1/..").c_str());
  STRCMP_EQUAL("/enrollmentGroups/g/attestationmechanism",
               path_of("/enrollmentGroups", "g", "attestationmechanism").c_str());
}

TEST(ServiceClient, SaysWhatIsWrongWithALogin) {
  for (const char* text : {"nonsense", "HostName=a;SharedAccessKeyName=b;SharedAccessKey=****"}) {
    const auto client = ServiceClient::open({text, {}});
    CHECK(client.error().code == Errc::invalid);
    CHECK(client.error().reason.find("login") != std::string::npos);
  }
}

TEST(ServiceClient, NamesACaFileThatCannotBeRead) {
  const auto client = ServiceClient::open({kLogin, "/nonexistent/ca.pem"});
  CHECK(client.error().code == Errc::io);
  CHECK(client.error().reason.find("/nonexistent/ca.pem") != std::string::npos);
}
