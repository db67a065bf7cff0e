// A lookup that finds one enrollment and no other, so that the rules of attestation can be asked
// what they would make of it by itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/match.hpp"

namespace berth::coordinator {

class OnlyOne final : public domain::EnrollmentLookup {
 public:
  // `all` outlives it.
  OnlyOne(domain::EnrollmentLookup& all, domain::EnrollmentRef only)
      : all_(all), only_(std::move(only)) {}

  Result<std::optional<domain::Versioned<domain::IndividualEnrollment>>> individual(
      const domain::RegistrationId& id) override;
  Result<std::optional<domain::Versioned<domain::EnrollmentGroup>>> group(
      const domain::EnrollmentGroupId& id) override;
  // Another enrollment would block it.
  Result<bool> is_blocked(const domain::RegistrationId& id) override;
  Result<bool> is_certificate_blocked(const ports::Sha256Digest& sha256) override;
  Result<std::vector<domain::SigningCertificate>> signing_certificates(ByteView subject) override;
  Result<std::optional<domain::CaCertificate>> ca_certificate(const std::string& name) override;
  Result<std::optional<domain::AdmittedTpm>> admitted_tpm(
      const ports::Sha256Digest& endorsement_key) override;
  Result<std::vector<domain::SigningCertificate>> tpm_issuers(ByteView subject) override;
  Result<bool> is_endorsement_key_blocked(const ports::Sha256Digest& endorsement_key) override;
  Result<std::vector<domain::GroupKeys>> symmetric_groups() override;

 private:
  [[nodiscard]] bool is_it(const domain::EnrollmentGroupId& id) const;

  domain::EnrollmentLookup& all_;
  domain::EnrollmentRef only_;
};

}  // namespace berth::coordinator
