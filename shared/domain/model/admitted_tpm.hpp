// A TPM that an enrollment group has on its list, as a delivery note named it (docs/attestation/
// tpm.md). One record per chip, so that a list of any length is looked up by one key.
#pragma once

#include <cstddef>
#include <optional>

#include "shared/base/bytes.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/stamps.hpp"

namespace berth::domain {

// Most TPMs on one group's list.
inline constexpr std::size_t kMaxAdmittedTpms = 20'000;

struct AdmittedTpm {
  Bytes endorsement_key_sha256;  // of its TPM2B_PUBLIC, with the two bytes of its size
  EnrollmentGroupId group_id;
  // The ID under which the chip's device registers; absent: the one that its key makes.
  std::optional<RegistrationId> registration_id;
  Stamps stamps;
};

}  // namespace berth::domain
