#include "coordinator/explain/only_one.hpp"

#include <utility>
#include <variant>

namespace berth::coordinator {

bool OnlyOne::is_it(const domain::EnrollmentGroupId& id) const {
  return only_.is_group && equals_ignoring_case(only_.id, id.str());
}

Result<std::optional<domain::Versioned<domain::IndividualEnrollment>>> OnlyOne::individual(
    const domain::RegistrationId& id) {
  if (!only_.is_group) return all_.individual(id);
  return std::optional<domain::Versioned<domain::IndividualEnrollment>>{};
}

Result<std::optional<domain::Versioned<domain::EnrollmentGroup>>> OnlyOne::group(
    const domain::EnrollmentGroupId& id) {
  if (is_it(id)) return all_.group(id);
  return std::optional<domain::Versioned<domain::EnrollmentGroup>>{};
}

Result<bool> OnlyOne::is_blocked(const domain::RegistrationId&) {
  return false;
}

Result<bool> OnlyOne::is_certificate_blocked(const ports::Sha256Digest& sha256) {
  return all_.is_certificate_blocked(sha256);
}

Result<std::vector<domain::SigningCertificate>> OnlyOne::signing_certificates(ByteView subject) {
  auto all = all_.signing_certificates(subject);
  if (!all) return all;
  std::erase_if(*all, [this](const auto& signing) { return !is_it(signing.group); });
  return all;
}

Result<std::optional<domain::CaCertificate>> OnlyOne::ca_certificate(const std::string& name) {
  return all_.ca_certificate(name);
}

Result<std::optional<domain::AdmittedTpm>> OnlyOne::admitted_tpm(
    const ports::Sha256Digest& endorsement_key) {
  auto listed = all_.admitted_tpm(endorsement_key);
  if (listed && *listed && !is_it((*listed)->group_id)) listed->reset();
  return listed;
}

Result<std::vector<domain::SigningCertificate>> OnlyOne::tpm_issuers(ByteView subject) {
  auto all = all_.tpm_issuers(subject);
  if (!all) return all;
  std::erase_if(*all, [this](const auto& issuer) { return !is_it(issuer.group); });
  return all;
}

Result<bool> OnlyOne::is_endorsement_key_blocked(const ports::Sha256Digest& endorsement_key) {
  return all_.is_endorsement_key_blocked(endorsement_key);
}

Result<std::vector<domain::GroupKeys>> OnlyOne::symmetric_groups() {
  std::vector<domain::GroupKeys> keys;
  if (!only_.is_group) return keys;
  const auto id = domain::EnrollmentGroupId::parse(only_.id);
  if (!id) return id.error();
  // The one record alone: whoever judges every group of a tenant by itself asks once for each.
  const auto found = all_.group(*id);
  if (!found) return found.error();
  if (!*found) return keys;
  const domain::EnrollmentGroup& group = (*found)->record;
  const auto* symmetric = std::get_if<domain::SymmetricKeyAttestation>(&group.attestation);
  if (symmetric != nullptr) keys.push_back({group.group_id, *symmetric});
  return keys;
}

}  // namespace berth::coordinator
