// Which enrollment group answers for a TPM that no individual enrollment names: the one that has it
// on its list; else the one of the nearest CA that issued its endorsement key certificate
// (docs/attestation/tpm.md). DPS has no such groups.
//
// A chip has one registration ID in a group, wherever it comes and whatever it claims: the one that
// its list entry gives it, else the one that its endorsement key makes (device API 4.7). So one
// chip is one device, and every gateway says so without asking another.
#pragma once

#include <string>

#include "shared/domain/attestation/match.hpp"
#include "shared/domain/attestation/match_trace.hpp"
#include "shared/domain/attestation/verdict.hpp"
#include "shared/domain/attestation/x509.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

class TpmGroups {
 public:
  // All are lent.
  TpmGroups(const MatchRequest& request, EnrollmentLookup& lookup, ports::Crypto& crypto,
            const X509Rules& rules, MatchTrace& trace)
      : request_(request), lookup_(lookup), crypto_(crypto), rules_(rules), trace_(trace) {}

  // Whether the device attests by TPM: it shows a chip, or its token answers a challenge.
  [[nodiscard]] bool attests_by_tpm() const;
  [[nodiscard]] Verdict match();

 private:
  // A group that admits the chip under one registration ID.
  struct Admission {
    Versioned<EnrollmentGroup> group;
    std::string registration_id;
    std::optional<ports::Certificate> signing_certificate;
  };
  using Admitted = std::variant<Admission, Refusal>;

  [[nodiscard]] const TpmEvidence* shown_chip() const;
  [[nodiscard]] Admitted admit(const TpmEvidence& chip);
  [[nodiscard]] Admitted admit_by_certificate(const TpmEvidence& chip);
  [[nodiscard]] Admitted admit_by_path(const Path& path, const TpmEvidence& chip);
  [[nodiscard]] Result<std::vector<Anchor>> issuers_of(ByteView subject);
  [[nodiscard]] Verdict judge(Admission admission, const TpmEvidence& chip);

  const MatchRequest& request_;
  EnrollmentLookup& lookup_;
  ports::Crypto& crypto_;
  const X509Rules& rules_;
  MatchTrace& trace_;
};

}  // namespace berth::domain
