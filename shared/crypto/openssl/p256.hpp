// P-256 on libcrypto, in raw bytes: keys are 32 bytes, points 65 (SEC 1 2.3.3, uncompressed). It is
// several times faster than Debian's wolfSSL, which is built without assembly. Apart from
// libcrypto's headers, so that a source which sees wolfSSL's can use it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"

namespace berth::crypto::openssl {

inline constexpr std::size_t kP256KeySize = 32;
inline constexpr std::size_t kP256PointSize = 65;
inline constexpr std::size_t kMaxP256Signature = 72;  // DER

using P256KeyView = std::span<const std::uint8_t, kP256KeySize>;
using P256PointView = std::span<const std::uint8_t, kP256PointSize>;

// Holds the curve, nothing else; safe to use from several threads.
class P256 {
 public:
  P256();
  ~P256();
  P256(const P256&) = delete;
  P256& operator=(const P256&) = delete;

  [[nodiscard]] bool generate(std::span<std::uint8_t, kP256KeySize> key,
                              std::span<std::uint8_t, kP256PointSize> point) const;
  // ECDH: the x coordinate. False if `peer` is not on the curve.
  [[nodiscard]] bool agree(P256KeyView key, P256PointView peer,
                           std::span<std::uint8_t, kP256KeySize> secret) const;
  // Writes a DER signature of `digest`; returns its size.
  [[nodiscard]] std::optional<std::size_t> sign(
      P256KeyView key, ByteView digest, std::span<std::uint8_t, kMaxP256Signature> into) const;
  [[nodiscard]] bool verify(P256PointView point, ByteView digest, ByteView signature) const;

 private:
  struct Curve;
  std::unique_ptr<Curve> curve_;
};

// The port's sign_p256: DER PKCS#8 in, SHA-256 and ECDSA, DER signature out.
[[nodiscard]] Result<Bytes> sign_p256_sha256(const SecretBytes& pkcs8, ByteView message);

}  // namespace berth::crypto::openssl
