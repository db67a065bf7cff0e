#include "shared/domain/attestation/tpm_protection.hpp"

#include <array>

#include "shared/domain/attestation/tpm_kdfa.hpp"
#include "shared/domain/attestation/tpm_wire.hpp"

namespace berth::domain {

Bytes tpm_protect(const SecretBytes& seed, ByteView name, const SecretBytes& content,
                  ports::Crypto& crypto) {
  // Every seed encrypts once, so that the vector may be zero.
  constexpr std::array<std::uint8_t, ports::kAesBlockSize> kZeroVector{};
  const SecretBytes key = tpm_kdfa(seed, "STORAGE", name, {}, 8 * ports::kAes128KeySize, crypto);
  const SecretBytes mac_key =
      tpm_kdfa(seed, "INTEGRITY", {}, {}, 8 * ports::Sha256Digest{}.size(), crypto);
  const Bytes encrypted = crypto.aes128_cfb_encrypt(key.reveal(), kZeroVector, content.reveal());
  Bytes authenticated = encrypted;
  append(authenticated, name);
  Bytes out = sized(crypto.hmac_sha256(mac_key.reveal(), authenticated));
  append(out, encrypted);
  return out;
}

Result<Bytes> tpm_encrypt_seed(const TpmStorageKey& key, std::string_view label,
                               const SecretBytes& seed, ports::Crypto& crypto) {
  Bytes terminated = to_bytes(label);
  terminated.push_back(0);
  auto encrypted = crypto.rsa_oaep_encrypt(key.rsa, terminated, seed.reveal());
  if (!encrypted) return encrypted.error();
  return sized(*encrypted);
}

}  // namespace berth::domain
