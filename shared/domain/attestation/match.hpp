// Which enrollment answers for a device, and whether its evidence holds (design 3.2, service
// API 2.7): an individual enrollment of that ID first; else the group of the nearest issuing CA, or
// that admits the TPM; else the symmetric group whose derived key fits. The first record found
// decides alone: a disabled one refuses, whatever stands behind it.
//
// Unknown IDs and wrong keys get the same verdict after the same kind of work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/attestation/evidence.hpp"
#include "shared/domain/attestation/tpm.hpp"
#include "shared/domain/attestation/verdict.hpp"
#include "shared/domain/attestation/x509.hpp"
#include "shared/domain/model/admitted_tpm.hpp"
#include "shared/domain/model/ca_certificate.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// Most symmetric groups whose keys are tried for one device (service API 9).
inline constexpr std::size_t kMaxSymmetricGroups = 100;
// Most anchors that are taken from one lookup by subject.
inline constexpr std::size_t kMaxAnchorsPerSubject = 8;

template <class Record>
struct Versioned {
  Record record;
  std::uint64_t version = 0;
};

// A symmetric group, reduced to what trying its keys needs.
struct GroupKeys {
  EnrollmentGroupId group;
  SymmetricKeyAttestation keys;
};

// A certificate that a group trusts, as stored.
struct SigningCertificate {
  EnrollmentGroupId group;
  Bytes der;
  bool verified = true;  // false: an uploaded CA certificate without proof of possession
};

// What attestation asks of the records at hand. An Error means that the question could not be
// answered (unavailable, corrupt, io), never "no".
class EnrollmentLookup {
 public:
  virtual ~EnrollmentLookup() = default;

  [[nodiscard]] virtual Result<std::optional<Versioned<IndividualEnrollment>>> individual(
      const RegistrationId& id) = 0;
  [[nodiscard]] virtual Result<std::optional<Versioned<EnrollmentGroup>>> group(
      const EnrollmentGroupId& id) = 0;

  // Whether a disabled individual enrollment that is not served here names the ID (a refusal stub).
  [[nodiscard]] virtual Result<bool> is_blocked(const RegistrationId& id) = 0;
  // Whether any disabled individual enrollment names this client certificate, served here or not.
  [[nodiscard]] virtual Result<bool> is_certificate_blocked(const ports::Sha256Digest& sha256) = 0;

  // Certificates that groups trust and that may have this subject (DER of the Name): giving more is
  // harmless, the subject is compared again. Inline ones, and uploaded ones referred to by name.
  [[nodiscard]] virtual Result<std::vector<SigningCertificate>> signing_certificates(
      ByteView subject) = 0;
  // The CA certificate that was uploaded under this name, which is compared without regard to case.
  [[nodiscard]] virtual Result<std::optional<CaCertificate>> ca_certificate(
      const std::string& name) = 0;
  // What a group's list says of the TPM with this endorsement key, by the hash of its TPM2B_PUBLIC.
  [[nodiscard]] virtual Result<std::optional<AdmittedTpm>> admitted_tpm(
      const ports::Sha256Digest& endorsement_key) = 0;
  // Certificates by which groups admit TPMs and that may have this subject; as above.
  [[nodiscard]] virtual Result<std::vector<SigningCertificate>> tpm_issuers(ByteView subject) = 0;
  // Whether an individual enrollment of any site names the chip with this digest
  // (attestation/endorsement_key).
  [[nodiscard]] virtual Result<bool> is_endorsement_key_blocked(
      const ports::Sha256Digest& chip) = 0;
  // All symmetric groups, also disabled ones, whose keys may be used here.
  [[nodiscard]] virtual Result<std::vector<GroupKeys>> symmetric_groups() = 0;
};

struct MatchRequest {
  IdScope id_scope;
  RegistrationId registration_id;  // in the spelling that the device presented
  Evidence evidence;
  WallTime now{};
  std::optional<EnrollmentRef> bound_to;     // what the existing registration is bound to, if any
  std::vector<TpmChallenge> tpm_challenges;  // that the token may answer
};

[[nodiscard]] Verdict match(const MatchRequest& request, EnrollmentLookup& lookup,
                            ports::Crypto& crypto, const X509Rules& rules = {},
                            DecisionTrace* trace = nullptr);

}  // namespace berth::domain
