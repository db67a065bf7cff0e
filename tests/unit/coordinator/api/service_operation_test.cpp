#include "coordinator/api/service_operation.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth::coordinator;

namespace {

Endpoint endpoint(const char* method, const char* path) {
  return {method, path, operator_only(), false, {}};
}

void check(const char* method, const char* path, const char* name, const char* type) {
  STRCMP_EQUAL(name, operation_name(endpoint(method, path)).c_str());
  STRCMP_EQUAL(type, object_type(endpoint(method, path)).c_str());
}

}  // namespace

TEST_GROUP(ServiceOperation){};

TEST(ServiceOperation, HasTheNamesThatDpsGives) {
  check("PUT", "/enrollments/{id}", "Upsert", "IndividualEnrollment");
  check("GET", "/enrollments/{id}", "Get", "IndividualEnrollment");
  check("DELETE", "/enrollmentGroups/{id}", "Delete", "EnrollmentGroup");
  check("POST", "/enrollments/query", "Query", "IndividualEnrollment");
  check("POST", "/enrollments", "BulkOperation", "IndividualEnrollment");
  check("POST", "/enrollments/{id}/attestationmechanism", "Attestationmechanism",
        "IndividualEnrollment");
  check("POST", "/registrations/{enrollmentGroupId}/query", "Query", "Registration");
}

TEST(ServiceOperation, HasTheActionsOfOurOwnPathsForNames) {
  check("POST", "/berth/v1/hubs", "Create", "Hubs");
  check("GET", "/berth/v1/hubs", "List", "Hubs");
  check("POST", "/berth/v1/gateways/{name}/disable", "Disable", "Gateways");
  check("POST", "/berth/v1/gateways:join", "Join", "Gateways");
}
