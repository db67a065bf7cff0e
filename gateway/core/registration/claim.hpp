// From what a device sent to a verdict on who it is (design 3.1 to 3.3). Every request, polls
// included, goes through both steps before any state of the device is touched.
#pragma once

#include <vector>

#include "gateway/core/ports/cache.hpp"
#include "gateway/core/registration/pending_request.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/attestation/tpm.hpp"
#include "shared/domain/attestation/verdict.hpp"
#include "shared/domain/attestation/x509.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::gateway {

// Bounds and parses what the device sent, before anything is looked up for it: sets the tenant, the
// registration ID and the evidence.
[[nodiscard]] Result<void> read_claim(const Cache& cache, ports::Crypto& crypto,
                                      PendingRequest& pending);

// Which enrollment answers for the device, if one does; from the records at hand, as they are now.
// `challenges`: those that its token may answer.
[[nodiscard]] domain::Verdict match_claim(const Cache& cache, ports::Crypto& crypto,
                                          const domain::X509Rules& rules, WallTime now,
                                          const KnownRegistration& known,
                                          std::vector<domain::TpmChallenge> challenges,
                                          PendingRequest& pending);

}  // namespace berth::gateway
