// The API with hubs, enrollments and registrations to explain, made through it and taken in beside
// it, and devices that hold keys and certificates.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "coordinator/store/record_writes.hpp"
#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"
#include "tests/unit/coordinator/api/api_fixture.hpp"

namespace berth::testing {

inline constexpr const char* kExplain = "/berth/v1/registrations:explain";
inline constexpr const char* kDryRun = "/berth/v1/allocation:dryRun";

struct ExplainFixture : ApiFixture {
  static std::string key(char filling) { return to_base64(Bytes(32, std::uint8_t(filling))); }
  static domain::RegistrationId id(const std::string& text) {
    return *domain::RegistrationId::parse(text);
  }

  void link_hub(const std::string& host_name, int weight = 1) {
    const std::string body = R"({"hostName":")" + host_name +
                             R"(","policyName":"p","policyKey":")" + key('h') +
                             R"(","allocationWeight":)" + std::to_string(weight) + "}";
    CHECK_EQUAL(201, call("POST", "/berth/v1/linkedHubs", body).status);
  }
  // `more` begins with a comma.
  void enroll(const std::string& name, char filling, const std::string& more = {}) {
    const std::string body =
        R"({"registrationId":")" + name + R"(","attestation":)" + symmetric(filling) + more + "}";
    CHECK_EQUAL(200, call("PUT", "/enrollments/" + name + kVersion, body).status);
  }
  void enroll_group(const std::string& name, char filling, const std::string& more = {}) {
    const std::string body = R"({"enrollmentGroupId":")" + name + R"(","attestation":)" +
                             symmetric(filling) + more + "}";
    CHECK_EQUAL(200, call("PUT", "/enrollmentGroups/" + name + kVersion, body).status);
  }
  static std::string symmetric(char filling) {
    return R"({"type":"symmetricKey","symmetricKey":{"primaryKey":")" + key(filling) +
           R"(","secondaryKey":")" + key(char(filling + 1)) + R"("}})";
  }

  // As a device makes it.
  std::string token_of(const std::string& name, const SecretBytes& device_key) {
    return protocol::make_sas_token(tenant.str() + "/registrations/" + name, device_key,
                                    unix_seconds(clock.wall()) + 3600, "registration", *crypto);
  }
  std::string token_of(const std::string& name, char filling) {
    return token_of(name, SecretBytes(Bytes(32, std::uint8_t(filling))));
  }
  std::string group_token_of(const std::string& name, char filling) {
    return token_of(name, domain::derive_device_key(SecretBytes(Bytes(32, std::uint8_t(filling))),
                                                    name, *crypto));
  }

  Answer explain(const std::string& name, const std::string& more = {}) {
    return call("POST", kExplain, R"({"registrationId":")" + name + "\"" + more + "}");
  }
  Answer explain_token(const std::string& name, const std::string& token) {
    return explain(name, R"(,"evidence":{"sasToken":")" + token + "\"}");
  }
  Answer dry_run(const std::string& body = "{}", const std::string& query = {}) {
    return call("POST", kDryRun + query, body);
  }

  domain::LinkedHub hub(const std::string& host_name) {
    return (*catalog.hubs.find_by_host_name(tenant, host_name))->record;
  }
  std::vector<domain::LinkedHub> hubs() {
    std::vector<domain::LinkedHub> records;
    const auto all = catalog.hubs.all(tenant);
    for (const auto& one : *all) records.push_back(one.record);
    return records;
  }

  // A registration as a gateway reports it.
  void take_in(const std::string& name, const std::string& group, const std::string& host_name,
               domain::DecisionTrace decision = {}) {
    domain::Registration record;
    record.registration_id = id(name);
    record.status = domain::RegistrationStatus::assigned;
    record.assigned_hub = host_name;
    record.hub_id = hub(host_name).hub_id;
    record.device_id = domain::DeviceId(name);
    record.enrollment = {!group.empty(), group.empty() ? name : group, 1};
    record.updated = clock.wall();
    record.decision = std::move(decision);
    store::Change change;
    change.table = store::Table::registration;
    change.id = record.registration_id.folded();
    change.body = sync::encode(record);
    change.terms = store::terms_of(record);
    CHECK(coordinator::commit_change(store, tenant, change).has_value());
  }

  // The row of an array whose member has that value.
  static boost::json::object row_of(const Answer& answer, std::string_view array,
                                    std::string_view member, std::string_view value) {
    const boost::json::value* rows = answer.object().if_contains(array);
    if (rows == nullptr || !rows->is_array()) return {};
    for (const boost::json::value& row : *rows->if_array()) {
      const boost::json::value* found = row.if_object()->if_contains(member);
      if (found != nullptr && found->is_string() && *found->if_string() == value) {
        return *row.if_object();
      }
    }
    return {};
  }
  static std::string member_of(const boost::json::object& object, std::string_view name) {
    const boost::json::value* value = object.if_contains(name);
    return value == nullptr || !value->is_string() ? std::string{}
                                                   : std::string(value->if_string()->c_str());
  }
};

}  // namespace berth::testing
