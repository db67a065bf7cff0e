// How attestation ends: the device is who it says and this record answers for it, or it is refused,
// or it is to be challenged first.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "shared/base/result.hpp"
#include "shared/domain/attestation/evidence.hpp"
#include "shared/domain/attestation/tpm.hpp"
#include "shared/domain/model/device_credential.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

struct Attested {
  AttestationType type = AttestationType::symmetric_key;
  EnrollmentRef enrollment;   // the record that answers, at the version that was read
  Provisioning provisioning;  // what that record gives
  DeviceId device_id;         // the individual's own, else the registration ID as presented

  // What the hub shall know the device by: the individual's keys, those derived from the group's,
  // or the presented certificate's thumbprint (service API 5.4).
  DeviceCredential credential;
  // Which of the record's keys or certificates that was (Registration::credential_id).
  std::string credential_id = {};

  // TPM: what the chip answered. The hub's key is wrapped for it; the caller makes that key, and
  // with it the credential.
  std::optional<TpmChallenge> tpm;

  // X.509: the leaf, and for a group the signing certificate that it chains to.
  std::optional<ports::Certificate> leaf;
  std::optional<ports::Certificate> signing_certificate;
};

struct Refusal {
  Error error;
  // Nothing that is held here fits the evidence. What the coordinator wrote a moment ago may: with
  // the link up, ask for a fence and match once more (design 3.3).
  bool matched_nothing = false;
  // The record that decided, if one did.
  std::optional<EnrollmentRef> enrollment = std::nullopt;
};

// The device showed the chip that is enrolled; whether it has that chip is yet to be proved.
struct ChallengeDue {
  EnrollmentRef enrollment;
  TpmEvidence keys;
};

using Verdict = std::variant<Attested, Refusal, ChallengeDue>;

}  // namespace berth::domain
