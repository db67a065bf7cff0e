#include "coordinator/api/router.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;
using coordinator::Endpoint;
using coordinator::Router;

namespace {

Endpoint endpoint(const char* method, const char* path) {
  return {method, path, coordinator::anyone(), true, {}};
}

}  // namespace

TEST_GROUP(Router) {
  Router router{{endpoint("GET", "/enrollments/{id}"), endpoint("POST", "/enrollments"),
                 endpoint("POST", "/enrollments/query"),
                 endpoint("POST", "/enrollmentGroups/{id}/attestationmechanism"),
                 endpoint("POST", "/berth/v1/gateways:join")}};

  Router::Match find(const std::string& method, const std::string& path) {
    http::Target target;
    CHECK(http::parse_target(path, target));
    return router.find(method, target);
  }
  void check_found(const char* path, const Router::Match& match) {
    CHECK(match.endpoint != nullptr);
    STRCMP_EQUAL(path, match.endpoint->path.c_str());
  }
};

TEST(Router, MatchesLiteralsInAnyLetterCase) {
  const auto match = find("POST", "/enrollmentgroups/Grp-1/AttestationMechanism");
  check_found("/enrollmentGroups/{id}/attestationmechanism", match);
  STRCMP_EQUAL("Grp-1", match.arguments[0].c_str());
}

TEST(Router, TakesATrailingSlash) {
  check_found("/enrollments", find("POST", "/enrollments/?api-version=2021-10-01"));
}

TEST(Router, DecodesAnIdOnce) {
  STRCMP_EQUAL("Dev:1._-a", find("GET", "/enrollments/Dev%3A1._-a").arguments[0].c_str());
  STRCMP_EQUAL("a%20b", find("GET", "/enrollments/a%2520b").arguments[0].c_str());
}

TEST(Router, LeavesAnIdCalledQueryUsable) {
  check_found("/enrollments/{id}", find("GET", "/enrollments/query"));
  check_found("/enrollments/query", find("POST", "/enrollments/query"));
}

TEST(Router, TellsAnUnknownPathFromAWrongMethodAndAMissingId) {
  CHECK_FALSE(find("GET", "/nothing").is_known_path);
  CHECK_FALSE(find("GET", "/").is_known_path);
  CHECK_FALSE(find("GET", "/enrollments/a/b/c").is_known_path);
  CHECK(find("PATCH", "/enrollments/dev-1").is_known_path);
  CHECK(find("GET", "/enrollments").is_known_path);
  CHECK(find("GET", "/enrollmentGroups").is_known_path);
  CHECK(find("GET", "/enrollmentGroups").endpoint == nullptr);
}

TEST(Router, FindsAVerbAfterAColon) {
  check_found("/berth/v1/gateways:join", find("POST", "/berth/v1/gateways:join"));
}
