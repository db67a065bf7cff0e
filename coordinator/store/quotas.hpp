// How many records of a kind a tenant may have. DPS's numbers (service API 9) are the defaults; the
// operator's configuration may set others.
#pragma once

#include <cstddef>

#include "shared/domain/attestation/match.hpp"

namespace berth::coordinator {

struct Quotas {
  std::size_t individual_enrollments = 1'000'000;
  std::size_t x509_groups = 100;
  // A device that attests by a group's symmetric key is tried against every such group, so that
  // more than this cannot be configured.
  std::size_t symmetric_groups = domain::kMaxSymmetricGroups;
  std::size_t tpm_groups = 100;
  std::size_t admitted_tpms = domain::kMaxAdmittedTpms;  // of one group
  std::size_t ca_certificates = 25;
  std::size_t linked_hubs = 50;
};

}  // namespace berth::coordinator
