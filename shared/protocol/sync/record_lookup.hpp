// One tenant's enrollments in a record store, as attestation asks for them: a gateway reads its
// replica by it, the coordinator the truth when it tells what a gateway would find.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/domain/attestation/match.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/store/record_store.hpp"

namespace berth::sync {

class RecordLookup : public domain::EnrollmentLookup {
 public:
  // All are lent, but the tenant.
  RecordLookup(const store::Reader& reader, ports::Crypto& crypto, domain::IdScope tenant)
      : reader_(reader), crypto_(crypto), tenant_(std::move(tenant)) {}

  Result<std::optional<domain::Versioned<domain::IndividualEnrollment>>> individual(
      const domain::RegistrationId& id) override;
  Result<std::optional<domain::Versioned<domain::EnrollmentGroup>>> group(
      const domain::EnrollmentGroupId& id) override;
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
  Result<bool> is_blocked_by(const store::IndexTerm& term);
  Result<void> add_uploaded(const store::IndexTerm& subject,
                            std::vector<domain::SigningCertificate>& certificates);
  Result<std::vector<domain::EnrollmentGroup>> groups_with(const store::IndexTerm& term);

  const store::Reader& reader_;
  ports::Crypto& crypto_;
  domain::IdScope tenant_;
};

}  // namespace berth::sync
