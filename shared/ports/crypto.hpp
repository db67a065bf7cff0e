// The crypto port: all the cryptography the product asks for. Backends are in shared/crypto, chosen
// at link time; tests/conformance/crypto runs against each.
//
// Implementations MUST be safe to call from several threads at once, MUST NOT log their arguments
// and MUST wipe what they copied of a key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/base/timestamp.hpp"

namespace berth::ports {

using Sha1Digest = std::array<std::uint8_t, 20>;
using Sha256Digest = std::array<std::uint8_t, 32>;

// AES-256-GCM (NIST SP 800-38D) sizes, in bytes.
inline constexpr std::size_t kAesKeySize = 32;
inline constexpr std::size_t kGcmNonceSize = 12;
inline constexpr std::size_t kGcmTagSize = 16;
// AES-128 (FIPS 197): key and block, in bytes.
inline constexpr std::size_t kAes128KeySize = 16;
inline constexpr std::size_t kAesBlockSize = 16;

// An RSA public key as a TPM shows it: numbers, without any DER.
struct RsaPublicKey {
  Bytes modulus;  // big-endian, no leading zero
  std::uint32_t exponent = 65537;
};

// One attribute of a Name.
struct NameAttribute {
  Bytes type;         // the OID's content, as encoded
  std::string value;  // as UTF-8
};

// A certificate reduced to the fields that path building and the service API need (RFC 5280).
// Parsing judges nothing: names, validity, key usage and the chain are judged in one place,
// shared/domain/attestation/x509, so that two TLS libraries cannot give two verdicts.
struct Certificate {
  Bytes der;
  Bytes subject;             // DER of the Name
  Bytes issuer;              // DER of the Name
  std::string subject_text;  // "CN=dev-1, O=Example, C=US", attributes in encoded order
  std::string issuer_text;
  std::string common_name;  // the last CN of the subject; empty if there is none
  Bytes serial;             // as encoded, leading zero dropped
  int version = 3;          // 1, 2 or 3
  WallTime not_before;
  WallTime not_after;
  Bytes public_key;                          // DER SubjectPublicKeyInfo
  bool is_ca = false;                        // basicConstraints cA
  std::optional<std::uint32_t> path_length;  // basicConstraints pathLenConstraint
  bool has_key_usage = false;
  bool may_sign_certificates = false;  // keyUsage keyCertSign
  bool may_sign = false;               // keyUsage digitalSignature
  bool may_encipher_keys = false;      // keyUsage keyEncipherment
  bool has_unknown_critical_extension = false;
  std::vector<Bytes> extended_key_usages;  // the OIDs' contents, as encoded
  // What the directoryNames of subjectAltName hold, in encoded order.
  std::vector<NameAttribute> alternative_name_attributes;
  Sha1Digest sha1{};      // of der
  Sha256Digest sha256{};  // of der
};

class Crypto {
 public:
  virtual ~Crypto() = default;

  // The backend's name, for logs and test output: "wolfSSL 5.5.4".
  [[nodiscard]] virtual std::string name() const = 0;

  [[nodiscard]] virtual Sha256Digest sha256(ByteView data) = 0;
  [[nodiscard]] virtual Sha256Digest hmac_sha256(ByteView key, ByteView data) = 0;

  // ciphertext || 16-byte tag. The caller guarantees that (key, nonce) is never used twice.
  [[nodiscard]] virtual Bytes aes256_gcm_seal(ByteView key, ByteView nonce,
                                              ByteView associated_data, ByteView plaintext) = 0;
  // Errc::corrupt if the tag does not fit, or the input is shorter than one.
  [[nodiscard]] virtual Result<Bytes> aes256_gcm_open(ByteView key, ByteView nonce,
                                                      ByteView associated_data,
                                                      ByteView sealed) = 0;

  // CFB with segments of a whole block (NIST SP 800-38A section 6.3). The key is kAes128KeySize
  // long, the initialization vector kAesBlockSize; as many bytes come out as go in. It hides and
  // authenticates nothing: TPMs speak it, and put a MAC beside it.
  [[nodiscard]] virtual Bytes aes128_cfb_encrypt(ByteView key, ByteView iv, ByteView plaintext) = 0;

  // RSAES-OAEP (RFC 8017 section 7.1.1) with SHA-256 for both hash and mask. The label is used as
  // it is: a TPM's ends with a zero byte. Errc::malformed if the key is not one of 2048 to 4096
  // bits, or the message is too long for it.
  [[nodiscard]] virtual Result<Bytes> rsa_oaep_encrypt(const RsaPublicKey& key, ByteView label,
                                                       ByteView message) = 0;

  // One DER certificate with nothing after it. Errc::malformed otherwise.
  [[nodiscard]] virtual Result<Certificate> parse_certificate(ByteView der) = 0;

  // Whether `certificate`'s signature verifies with the public key of `issuer`. Checks nothing
  // else. RSA of 2048 to 4096 bits (PKCS#1 v1.5 and PSS) with SHA-256/384/512, ECDSA on
  // P-256/P-384/P-521 likewise; SHA-1 and MD5 signatures never verify.
  [[nodiscard]] virtual bool is_signed_by(const Certificate& certificate,
                                          const Certificate& issuer) = 0;

  // ECDSA P-256 with SHA-256 over `message`; signatures are DER (RFC 3279 section 2.2.3).
  // `private_key` is DER PKCS#8. Errc::malformed if it is not such a key.
  [[nodiscard]] virtual Result<Bytes> sign_p256(const SecretBytes& private_key,
                                                ByteView message) = 0;
  // `public_key` is a DER SubjectPublicKeyInfo.
  [[nodiscard]] virtual bool verify_p256(ByteView public_key, ByteView message,
                                         ByteView signature) = 0;
};

}  // namespace berth::ports
