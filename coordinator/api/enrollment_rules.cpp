#include "coordinator/api/enrollment_rules.hpp"

#include <string>
#include <variant>

#include "shared/domain/attestation/tpm.hpp"

namespace berth::coordinator {

Result<void> check_enrollment(const domain::Attestation& attestation,
                              const domain::Provisioning& provisioning, const Catalog& catalog,
                              const HostRules& webhook_rules) {
  if (const auto* x509 = std::get_if<domain::X509Attestation>(&attestation)) {
    if (x509->kind == domain::X509Attestation::Kind::ca_references) {
      const std::string& name =
          x509->primary_ca_name.empty() ? x509->secondary_ca_name : x509->primary_ca_name;
      return Error{Errc::invalid, "no CA certificate named '" + name +
                                      "' is uploaded; write it as a signing certificate instead"};
    }
  }
  if (const auto* tpm = std::get_if<domain::TpmAttestation>(&attestation)) {
    // Here, and not when the device comes and nobody is looking.
    if (const auto fit = domain::check_endorsement_key(tpm->endorsement_key); !fit) {
      return Error{Errc::certificate_refused, fit.error().reason};
    }
  }
  if (provisioning.allocation_policy == domain::AllocationPolicy::custom &&
      !provisioning.custom_allocation) {
    return Error{Errc::allocation_failed,
                 "the allocation policy custom needs a customAllocationDefinition"};
  }
  if (provisioning.custom_allocation) {
    const auto url =
        read_https_url("'webhookUrl'", provisioning.custom_allocation->webhook_url, webhook_rules);
    if (!url) return url.error();
  }
  for (const domain::SiteId& name : provisioning.sites) {
    const auto site = catalog.gateways.site(name);
    if (!site) return site.error();
    if (!*site) return Error{Errc::invalid, "there is no site '" + name.str() + "'"};
  }
  return {};
}

}  // namespace berth::coordinator
