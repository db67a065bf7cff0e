// What a TPM's maker says of its endorsement key: that it is one, in a chip of its own (TCG EK
// Credential Profile for TPM Family 2.0, section 3). The chain is x509's business; here is what
// distinguishes such a certificate from every other that the same CA might have issued.
#pragma once

#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// What a certificate says of the chip.
struct TpmModel {
  std::string manufacturer;  // "id:" and the vendor ID in 8 hex digits
  std::string model;
  std::string version;  // of the firmware: "id:" and hex digits
};

// The certificate is one of an endorsement key, and of this one: the TPM2B_PUBLIC is what the TCG's
// template L-1 makes of the certified modulus, to the last byte. Judges neither signature nor
// validity. Errc::certificate_refused, with what is wrong; what check_endorsement_key says of a key
// that is none.
[[nodiscard]] Result<TpmModel> check_endorsement_certificate(const ports::Certificate& certificate,
                                                             ByteView endorsement_key);

}  // namespace berth::domain
