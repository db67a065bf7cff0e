#include "shared/domain/attestation/tpm_registration_id.hpp"

#include "shared/base/encoding.hpp"

namespace berth::domain {

std::string tpm_registration_id(ByteView endorsement_key, ports::Crypto& crypto) {
  return to_base32(crypto.sha256(endorsement_key));
}

}  // namespace berth::domain
