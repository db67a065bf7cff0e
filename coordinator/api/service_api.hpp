// The DPS service API (service API section 1): enrollments, enrollment groups and registration
// states, one endpoint per operation of its table 1.2.
#pragma once

#include <vector>

#include "coordinator/api/endpoint.hpp"
#include "coordinator/api/https_url.hpp"
#include "coordinator/store/catalog.hpp"
#include "shared/json/enrollment_json.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::coordinator {

// The api-version parameter. Errc::invalid, naming those accepted, for any other (service API 1.4).
[[nodiscard]] Result<json::Dialect> read_api_version(std::string_view text);

class ServiceApi {
 public:
  ServiceApi(Catalog& catalog, ports::Crypto& crypto, ports::Entropy& entropy,
             const HostRules& webhook_rules);
  // The endpoints refer to this object.
  ServiceApi(const ServiceApi&) = delete;
  ServiceApi& operator=(const ServiceApi&) = delete;

  [[nodiscard]] std::vector<Endpoint> endpoints();

 private:
  [[nodiscard]] Result<http::Response> get_registration(const Call& call) const;
  [[nodiscard]] Result<http::Response> delete_registration(const Call& call);
  [[nodiscard]] Result<http::Response> query_registrations(const Call& call) const;

  Catalog& catalog_;
  json::EnrollmentJson json_;
  HostRules webhook_rules_;
};

}  // namespace berth::coordinator
