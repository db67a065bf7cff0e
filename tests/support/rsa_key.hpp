// An RSA key pair on libcrypto, as the other side of what the crypto port encrypts: a TPM's key in
// tests where there is no TPM. A failure to make one ends the program. A suite that uses it lists
// rsa_key.cpp among its sources and PkgConfig::LIBCRYPTO among its uses.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "shared/base/bytes.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::testing {

class RsaKey {
 public:
  explicit RsaKey(unsigned bits = 2048);
  ~RsaKey();
  RsaKey(const RsaKey&) = delete;
  RsaKey& operator=(const RsaKey&) = delete;

  [[nodiscard]] ports::RsaPublicKey public_key() const;
  // RSA-OAEP with SHA-256 for hash and mask. None: it was encrypted for another key or label.
  [[nodiscard]] std::optional<Bytes> oaep_decrypt(ByteView label, ByteView ciphertext) const;

 private:
  struct Key;
  std::unique_ptr<Key> key_;
};

}  // namespace berth::testing
