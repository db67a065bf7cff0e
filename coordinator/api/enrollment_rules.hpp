// What an enrollment must satisfy beyond its schema, when an admin writes it (service
// API 2.4, 2.8).
#pragma once

#include "coordinator/api/https_url.hpp"
#include "coordinator/store/catalog.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/enrollment.hpp"

namespace berth::coordinator {

// Errc::certificate_refused for an endorsement key that no TPM could attest with,
// Errc::allocation_failed for a custom policy without a definition, Errc::invalid for a webhook
// that may not be called, a site that does not exist, or a CA certificate that nobody uploaded;
// one whose key nobody proved to possess will do (service API 2.4), and attests nobody until then.
[[nodiscard]] Result<void> check_enrollment(const domain::IdScope& tenant,
                                            const domain::Attestation& attestation,
                                            const domain::Provisioning& provisioning,
                                            const Catalog& catalog, const HostRules& webhook_rules);

}  // namespace berth::coordinator
