// /berth/v1: what DPS has in its cloud management plane, and what it lacks (contract.md 4). One
// file per resource; openapi.json describes them all.
#pragma once

#include <vector>

#include "coordinator/api/endpoint.hpp"
#include "coordinator/api/https_url.hpp"
#include "coordinator/audit/audit_export.hpp"
#include "coordinator/fleet/fleet.hpp"
#include "coordinator/fleet/joining.hpp"
#include "coordinator/store/catalog.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::coordinator {

// The endpoints refer to what is lent, which outlives them.

// Of the operator (design section 5).
[[nodiscard]] std::vector<Endpoint> tenant_endpoints(Catalog& catalog);
[[nodiscard]] std::vector<Endpoint> site_endpoints(Catalog& catalog);
[[nodiscard]] std::vector<Endpoint> gateway_endpoints(Catalog& catalog, Fleet& fleet,
                                                      Joining& joining);
[[nodiscard]] std::vector<Endpoint> quarantine_endpoints(Catalog& catalog);

// Of a tenant.
[[nodiscard]] std::vector<Endpoint> settings_endpoints(Catalog& catalog);
[[nodiscard]] std::vector<Endpoint> key_roll_endpoints(Catalog& catalog, ports::Crypto& crypto,
                                                       ports::Clock& clock,
                                                       ports::Entropy& entropy);
[[nodiscard]] std::vector<Endpoint> linked_hub_endpoints(Catalog& catalog, ports::Entropy& entropy,
                                                         const HostRules& rules);
[[nodiscard]] std::vector<Endpoint> access_policy_endpoints(Catalog& catalog,
                                                            ports::Entropy& entropy);
[[nodiscard]] std::vector<Endpoint> certificate_endpoints(Catalog& catalog, ports::Crypto& crypto,
                                                          ports::Clock& clock,
                                                          ports::Entropy& entropy);
[[nodiscard]] std::vector<Endpoint> enrollment_list_endpoints(Catalog& catalog,
                                                              ports::Crypto& crypto,
                                                              ports::Entropy& entropy);
[[nodiscard]] std::vector<Endpoint> registration_endpoints(Catalog& catalog);
[[nodiscard]] std::vector<Endpoint> explain_endpoints(const Catalog& catalog, ports::Crypto& crypto,
                                                      ports::Clock& clock);
[[nodiscard]] std::vector<Endpoint> dry_run_endpoints(const Catalog& catalog, ports::Crypto& crypto,
                                                      ports::Entropy& entropy);
[[nodiscard]] std::vector<Endpoint> admitted_tpm_endpoints(Catalog& catalog, ports::Crypto& crypto);

// Of a tenant, and of the operator.
[[nodiscard]] std::vector<Endpoint> audit_endpoints(const Catalog& catalog,
                                                    const AuditExport& audit);

// Of everyone.
[[nodiscard]] std::vector<Endpoint> openapi_endpoints();

// All of the above but the audit log's.
[[nodiscard]] std::vector<Endpoint> admin_endpoints(Catalog& catalog, Fleet& fleet,
                                                    Joining& joining, ports::Crypto& crypto,
                                                    ports::Clock& clock, ports::Entropy& entropy,
                                                    const HostRules& rules);

}  // namespace berth::coordinator
