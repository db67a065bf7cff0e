// The coordinator's whole HTTP surface on a memory store, and a caller that signs its requests.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/coordinator_api.hpp"
#include "coordinator/api/service_api.hpp"
#include "coordinator/audit/audit_export.hpp"
#include "coordinator/fleet/certificate_authority.hpp"
#include "coordinator/fleet/fleet.hpp"
#include "coordinator/fleet/joining.hpp"
#include "shared/base/assert.hpp"
#include "shared/crypto/openssl/certificate_authority.hpp"
#include "shared/json/json_text.hpp"
#include "shared/protocol/sas_token.hpp"
#include "tests/unit/coordinator/store/catalog_fixture.hpp"

namespace berth::testing {

inline constexpr const char* kServiceHost = "mydps.example.test";
inline constexpr const char* kVersion = "?api-version=2021-10-01";

// An answer with its body read.
struct Answer {
  int status = 0;
  http::Headers headers;
  std::string text;
  boost::json::value json;

  [[nodiscard]] const boost::json::object& object() const {
    BERTH_ASSERT(json.is_object());
    return *json.if_object();
  }
  [[nodiscard]] const boost::json::array& rows() const {
    const boost::json::value& rows = json.is_array() ? json : *object().if_contains("value");
    BERTH_ASSERT(rows.is_array());
    return *rows.if_array();
  }
  [[nodiscard]] std::string member(std::string_view name) const {
    const boost::json::value* value = object().if_contains(name);
    return value == nullptr || !value->is_string() ? std::string{}
                                                   : std::string(value->if_string()->c_str());
  }
  [[nodiscard]] bool has(std::string_view name) const {
    return object().if_contains(name) != nullptr;
  }
  // The text that a member has in the answer's own words, for whole objects.
  [[nodiscard]] std::string text_of(std::string_view name) const {
    const boost::json::value* value = object().if_contains(name);
    return value == nullptr ? std::string{} : berth::json::serialize(*value);
  }
  [[nodiscard]] std::int64_t error_code() const {
    const boost::json::value* code = object().if_contains("errorCode");
    return code == nullptr || !code->is_int64() ? 0 : *code->if_int64();
  }
};

struct ApiFixture : CatalogFixture {
  using HeaderList = std::vector<std::pair<std::string, std::string>>;

  ApiFixture() {
    auto opened = coordinator::CertificateAuthority::open(store, *x509, *crypto, clock,
                                                          *catalog.coordinator_id(), {});
    BERTH_ASSERT(opened.has_value());
    ca = std::make_unique<coordinator::CertificateAuthority>(std::move(*opened));
    joining = std::make_unique<coordinator::Joining>(
        catalog.gateways, *ca, *catalog.coordinator_id(),
        coordinator::PublicEndpoint{"coordinator.example.test", 443}, *crypto, clock, entropy);
    fleet = std::make_unique<coordinator::Fleet>(catalog.gateways, *joining, *ca, *crypto, clock,
                                                 entropy);
    service = std::make_unique<coordinator::ServiceApi>(catalog, *crypto, entropy,
                                                        coordinator::HostRules{});
    std::vector<coordinator::Endpoint> endpoints = service->endpoints();
    const auto admin =
        coordinator::admin_endpoints(catalog, *fleet, *joining, *crypto, clock, entropy, {});
    endpoints.insert(endpoints.end(), admin.begin(), admin.end());
    audit = std::make_unique<coordinator::AuditExport>(store, *ca, *crypto, clock,
                                                       *catalog.coordinator_id());
    const auto log = coordinator::audit_endpoints(catalog, *audit);
    endpoints.insert(endpoints.end(), log.begin(), log.end());
    api = std::make_unique<coordinator::CoordinatorApi>(
        catalog, *crypto, clock, entropy, std::move(endpoints),
        coordinator::CoordinatorApi::Observers{
            [this](const http::Request&, const Error& error) { refusals.push_back(error); },
            [this](const coordinator::ServiceOperation& done) { operations.push_back(done); }});
  }

  // Signed with the primary key of a policy of the default tenant, or of the operator.
  [[nodiscard]] std::string token(const std::string& key_name,
                                  const std::string& resource = kServiceHost) {
    const bool is_operator = key_name == domain::kOperatorKeyName;
    const auto policy = is_operator ? **catalog.policies.operator_policy()
                                    : (*catalog.policies.find(tenant, key_name))->record;
    return protocol::make_sas_token(resource, policy.primary_key, unix_seconds(clock.wall()) + 3600,
                                    key_name, *crypto);
  }

  [[nodiscard]] static Answer read(const http::Response& response) {
    Answer answer;
    answer.status = response.status;
    answer.headers = response.headers;
    answer.text = response.body;
    if (!response.body.empty()) {
      auto value = berth::json::parse(response.body, {1024 * 1024, 64});
      BERTH_ASSERT(value.has_value());
      answer.json = std::move(*value);
    }
    return answer;
  }

  // As it stands, without a token of ours.
  Answer send(const std::string& method, const std::string& target, const std::string& body,
              const HeaderList& headers) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.headers.set("Host", kServiceHost);
    for (const auto& [name, value] : headers) request.headers.set(name, value);
    request.body = body;
    return read(api->handle(request));
  }

  Answer call(const std::string& method, const std::string& target, const std::string& body = {},
              HeaderList headers = {}) {
    headers.emplace_back("Authorization", token(coordinator::kOwnerKeyName));
    if (!body.empty()) headers.emplace_back("Content-Type", "application/json; charset=utf-8");
    return send(method, target, body, headers);
  }

  Answer call_as_operator(const std::string& method, const std::string& target,
                          const std::string& body = {}) {
    return send(method, target, body, {{"Authorization", token(domain::kOperatorKeyName)}});
  }

  std::unique_ptr<ports::CertificateAuthority> x509 = crypto::make_certificate_authority();
  std::unique_ptr<coordinator::CertificateAuthority> ca;
  std::unique_ptr<coordinator::Joining> joining;
  std::unique_ptr<coordinator::Fleet> fleet;
  std::unique_ptr<coordinator::ServiceApi> service;
  std::unique_ptr<coordinator::AuditExport> audit;
  std::unique_ptr<coordinator::CoordinatorApi> api;
  std::vector<Error> refusals;
  std::vector<coordinator::ServiceOperation> operations;
};

}  // namespace berth::testing
