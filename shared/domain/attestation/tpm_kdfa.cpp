#include "shared/domain/attestation/tpm_kdfa.hpp"

#include <cstdint>

#include "shared/base/assert.hpp"
#include "shared/domain/attestation/tpm_wire.hpp"

namespace berth::domain {

SecretBytes tpm_kdfa(const SecretBytes& key, std::string_view label, ByteView u, ByteView v,
                     std::size_t bits, ports::Crypto& crypto) {
  BERTH_ASSERT(bits % 8 == 0);
  const std::size_t size = bits / 8;
  Bytes made;
  // Reserved, so that no copy of it is left behind unwiped.
  made.reserve(size + ports::Sha256Digest{}.size());
  for (std::uint32_t counter = 1; made.size() < size; ++counter) {
    Bytes message;
    append_u32(message, counter);
    append(message, as_bytes(label));
    message.push_back(0);
    append(message, u);
    append(message, v);
    append_u32(message, static_cast<std::uint32_t>(bits));
    ports::Sha256Digest block = crypto.hmac_sha256(key.reveal(), message);
    append(made, block);
    wipe(block);
  }
  wipe(std::span(made).subspan(size));
  made.resize(size);
  return SecretBytes(std::move(made));
}

}  // namespace berth::domain
