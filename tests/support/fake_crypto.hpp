// Crypto for tests of the domain: hashing is real, certificates are made up. A made-up certificate
// has names, dates and flags as a test likes; who signed whom is written in a table. A suite that
// uses it lists fake_crypto.cpp among its sources and berth_shared_crypto_mbedtls among its uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "shared/ports/crypto.hpp"

namespace berth::testing {

// Now, in most tests of the domain.
inline constexpr WallTime kNow{std::chrono::seconds{1767225600}};  // 2026-01-01

// What to make. Names are texts such as "CN=dev-1"; keys are names too.
struct FakeCertificate {
  std::string subject;
  std::string issuer;
  std::string key = {};          // empty: the subject's own
  std::string signing_key = {};  // empty: the issuer's own
  WallTime not_before = kNow - std::chrono::days{100};
  WallTime not_after = kNow + std::chrono::days{100};
  bool is_ca = false;
  std::optional<std::uint32_t> path_length = std::nullopt;
  bool has_key_usage = false;
  bool may_sign_certificates = false;
  bool may_sign = false;
  bool has_unknown_critical_extension = false;
  std::string serial = "1";  // tells apart what is otherwise alike
};

class FakeCrypto : public ports::Crypto {
 public:
  FakeCrypto();

  ports::Certificate make(const FakeCertificate& certificate);
  // What parsing gives of a made certificate from now on.
  void change(const ports::Certificate& certificate) {
    certificates_[certificate.der] = certificate;
  }
  [[nodiscard]] std::size_t signatures_checked() const { return signatures_checked_; }
  [[nodiscard]] std::size_t hmacs_made() const { return hmacs_made_; }
  [[nodiscard]] std::size_t certificates_parsed() const { return certificates_parsed_; }

  std::string name() const override { return "fake"; }
  ports::Sha256Digest sha256(ByteView data) override;
  ports::Sha256Digest hmac_sha256(ByteView key, ByteView data) override;
  Bytes aes256_gcm_seal(ByteView key, ByteView nonce, ByteView associated_data,
                        ByteView plaintext) override;
  Result<Bytes> aes256_gcm_open(ByteView key, ByteView nonce, ByteView associated_data,
                                ByteView sealed) override;
  Bytes aes128_cfb_encrypt(ByteView key, ByteView iv, ByteView plaintext) override;
  Result<Bytes> rsa_oaep_encrypt(const ports::RsaPublicKey& key, ByteView label,
                                 ByteView message) override;
  Result<ports::Certificate> parse_certificate(ByteView der) override;
  bool is_signed_by(const ports::Certificate& certificate,
                    const ports::Certificate& issuer) override;
  Result<Bytes> sign_p256(const SecretBytes& private_key, ByteView message) override;
  bool verify_p256(ByteView public_key, ByteView message, ByteView signature) override;

 private:
  std::unique_ptr<ports::Crypto> real_;
  std::map<Bytes, ports::Certificate> certificates_;  // by DER
  std::map<Bytes, Bytes> signing_keys_;               // DER to the key that signed it
  std::size_t signatures_checked_ = 0;
  std::size_t hmacs_made_ = 0;
  std::size_t certificates_parsed_ = 0;
};

}  // namespace berth::testing
