#include "coordinator/api/enrollment_rules.hpp"

#include <string>
#include <variant>

#include "shared/domain/attestation/tpm.hpp"

namespace berth::coordinator {
namespace {

Result<void> check_references(const domain::IdScope& tenant, const domain::X509Attestation& x509,
                              const Catalog& catalog) {
  for (const std::string* name : {&x509.primary_ca_name, &x509.secondary_ca_name}) {
    if (name->empty()) continue;
    const auto uploaded = catalog.ca_certificates.find(tenant, *name);
    if (!uploaded) return uploaded.error();
    if (!*uploaded) {
      return Error{Errc::invalid, "no CA certificate named '" + *name + "' is uploaded"};
    }
  }
  return {};
}

}  // namespace

Result<void> check_enrollment(const domain::IdScope& tenant, const domain::Attestation& attestation,
                              const domain::Provisioning& provisioning, const Catalog& catalog,
                              const HostRules& webhook_rules) {
  if (const auto* x509 = std::get_if<domain::X509Attestation>(&attestation)) {
    if (const auto known = check_references(tenant, *x509, catalog); !known) return known.error();
  }
  const auto* tpm = std::get_if<domain::TpmAttestation>(&attestation);
  // Text that is no key at all is what Node's sample writes, and DPS takes it (service API 2.4).
  if (tpm != nullptr && tpm->unreadable_endorsement_key.empty()) {
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
