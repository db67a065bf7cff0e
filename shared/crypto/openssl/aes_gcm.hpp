// AES-GCM (NIST SP 800-38D) on libcrypto: 16- or 32-byte keys, 12-byte nonces, 16-byte tags.
// Debian's wolfSSL has no AES-NI and is twenty times slower.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "shared/base/bytes.hpp"

namespace berth::crypto::openssl {

// Holds the algorithms, looked up once; safe to use from several threads. Key schedules live for
// one call and are wiped by libcrypto.
class AesGcm {
 public:
  static constexpr std::size_t kNonceSize = 12;
  static constexpr std::size_t kTagSize = 16;

  AesGcm();
  ~AesGcm();
  AesGcm(const AesGcm&) = delete;
  AesGcm& operator=(const AesGcm&) = delete;

  // `ciphertext` has the size of `plaintext`, and may be the same memory. False if a size is not
  // one of the above.
  [[nodiscard]] bool seal(ByteView key, ByteView nonce, ByteView associated_data,
                          ByteView plaintext, std::span<std::uint8_t> ciphertext,
                          std::span<std::uint8_t, kTagSize> tag) const;
  // False, and `plaintext` wiped, if the tag does not fit.
  [[nodiscard]] bool open(ByteView key, ByteView nonce, ByteView associated_data,
                          ByteView ciphertext, std::span<const std::uint8_t, kTagSize> tag,
                          std::span<std::uint8_t> plaintext) const;

 private:
  struct Ciphers;
  std::unique_ptr<Ciphers> ciphers_;
};

}  // namespace berth::crypto::openssl
