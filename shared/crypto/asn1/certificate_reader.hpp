// Reads X.509 certificates (RFC 5280) to fields. One reader serves every backend, so that two TLS
// libraries cannot see two different certificates in the same bytes; a backend adds the digests and
// verifies the signature. Input is a peer's: everything is bounded, and what is not DER is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::crypto::asn1 {

inline constexpr std::size_t kMaxCertificate = 32 * 1024;
inline constexpr std::size_t kMaxSerial = 32;
inline constexpr std::size_t kMaxExtensions = 64;
inline constexpr std::size_t kMaxExtendedKeyUsages = 64;
// wolfSSL goes no further up; nobody should go further down (NIST SP 800-131A).
inline constexpr std::size_t kMinRsaBits = 2048;
inline constexpr std::size_t kMaxRsaBits = 4096;

// All fields but the digests. Errc::malformed, with what is wrong.
[[nodiscard]] Result<ports::Certificate> read_certificate(ByteView der);

enum class Hash : std::uint8_t { sha256, sha384, sha512 };
enum class Scheme : std::uint8_t { rsa_pkcs1, rsa_pss, ecdsa };

// What a signature is over and how it was made; views into the certificate.
struct SignedParts {
  ByteView to_be_signed;
  ByteView signature;
  Scheme scheme = Scheme::ecdsa;
  Hash hash = Hash::sha256;
  std::uint32_t salt_length = 0;  // RSA-PSS
};

// Nothing if the certificate does not parse, or is signed by an algorithm that the crypto port does
// not verify, such as anything with SHA-1.
[[nodiscard]] std::optional<SignedParts> read_signed_parts(ByteView der);

enum class KeyKind : std::uint8_t { rsa, p256, p384, p521 };

struct PublicKey {
  KeyKind kind = KeyKind::rsa;
  ByteView key;  // RSAPublicKey (RFC 8017 A.1.1), or an uncompressed point (SEC 1 2.3.3)
};

// Of a DER SubjectPublicKeyInfo. Nothing for other algorithms and curves, for RSA keys out of
// bounds and for compressed points.
[[nodiscard]] std::optional<PublicKey> read_public_key(ByteView spki);

}  // namespace berth::crypto::asn1
