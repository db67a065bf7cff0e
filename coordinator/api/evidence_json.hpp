// What a device would show of itself, as an admin writes it down: one of a SAS token, a certificate
// chain, or a TPM's public keys. Bounded before anything is made of it; none of it is ever answered
// back.
#pragma once

#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "shared/domain/attestation/evidence.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::coordinator {

// Errc::invalid, Errc::malformed or Errc::too_large names the member.
[[nodiscard]] Result<domain::Evidence> read_evidence(const boost::json::object& evidence,
                                                     ports::Crypto& crypto);

}  // namespace berth::coordinator
