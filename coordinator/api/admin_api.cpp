#include "coordinator/api/admin_api.hpp"

#include <iterator>
#include <utility>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/openapi_document.hpp"

namespace berth::coordinator {

std::vector<Endpoint> openapi_endpoints() {
  const auto answer = [](const Call&) -> Result<http::Response> {
    http::Response response;
    response.headers.set("content-type", "application/json; charset=utf-8");
    response.body = std::string(openapi_document());
    return response;
  };
  return {{"GET", "/berth/v1/openapi.json", anyone(), false, answer}};
}

std::vector<Endpoint> admin_endpoints(Catalog& catalog, Fleet& fleet, Joining& joining,
                                      ports::Crypto& crypto, ports::Clock& clock,
                                      ports::Entropy& entropy, const HostRules& rules) {
  std::vector<Endpoint> all;
  const auto add = [&all](std::vector<Endpoint> some) {
    std::move(some.begin(), some.end(), std::back_inserter(all));
  };
  add(tenant_endpoints(catalog));
  add(site_endpoints(catalog));
  add(gateway_endpoints(catalog, fleet, joining));
  add(quarantine_endpoints(catalog));
  add(settings_endpoints(catalog));
  add(key_roll_endpoints(catalog, crypto, clock, entropy));
  add(linked_hub_endpoints(catalog, entropy, rules));
  add(access_policy_endpoints(catalog, entropy));
  add(certificate_endpoints(catalog, crypto, clock, entropy));
  add(enrollment_list_endpoints(catalog, crypto, entropy));
  add(registration_endpoints(catalog));
  add(explain_endpoints(catalog, crypto, clock));
  add(dry_run_endpoints(catalog, crypto, entropy));
  add(admitted_tpm_endpoints(catalog, crypto));
  add(openapi_endpoints());
  return all;
}

}  // namespace berth::coordinator
