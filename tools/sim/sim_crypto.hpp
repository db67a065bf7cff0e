// Crypto for simulations: hashes and MACs are real; signatures and certificates are texts that say
// who signed them, since what is proved here is not cryptography and a run makes thousands.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "shared/ports/certificate_authority.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::sim {

class SimCrypto final : public ports::Crypto {
 public:
  SimCrypto();

  [[nodiscard]] std::string name() const override { return "simulated"; }
  [[nodiscard]] ports::Sha256Digest sha256(ByteView data) override;
  [[nodiscard]] ports::Sha256Digest hmac_sha256(ByteView key, ByteView data) override;
  [[nodiscard]] Bytes aes256_gcm_seal(ByteView key, ByteView nonce, ByteView associated_data,
                                      ByteView plaintext) override;
  [[nodiscard]] Result<Bytes> aes256_gcm_open(ByteView key, ByteView nonce,
                                              ByteView associated_data, ByteView sealed) override;
  [[nodiscard]] Bytes aes128_cfb_encrypt(ByteView key, ByteView iv, ByteView plaintext) override;
  [[nodiscard]] Result<Bytes> rsa_oaep_encrypt(const ports::RsaPublicKey& key, ByteView label,
                                               ByteView message) override;
  [[nodiscard]] Result<ports::Certificate> parse_certificate(ByteView der) override;
  [[nodiscard]] bool is_signed_by(const ports::Certificate& certificate,
                                  const ports::Certificate& issuer) override;
  [[nodiscard]] Result<Bytes> sign_p256(const SecretBytes& private_key, ByteView message) override;
  [[nodiscard]] bool verify_p256(ByteView public_key, ByteView message,
                                 ByteView signature) override;

  [[nodiscard]] Bytes public_key_of(const SecretBytes& private_key);

 private:
  std::unique_ptr<ports::Crypto> real_;
};

class SimAuthority final : public ports::CertificateAuthority {
 public:
  SimAuthority(SimCrypto& crypto, ports::Entropy& entropy) : crypto_(crypto), entropy_(entropy) {}

  [[nodiscard]] Result<ports::KeyPair> generate_p256() override;
  [[nodiscard]] Result<Bytes> public_key_of(const SecretBytes& private_key) override;
  [[nodiscard]] Result<Bytes> issue(const ports::CertificateRequest& request,
                                    const std::optional<Bytes>& issuer_certificate,
                                    const SecretBytes& issuer_key) override;
  [[nodiscard]] Result<Bytes> make_csr(const std::string& common_name,
                                       const SecretBytes& private_key) override;
  [[nodiscard]] Result<Csr> read_csr(ByteView der) override;

 private:
  SimCrypto& crypto_;
  ports::Entropy& entropy_;
};

}  // namespace berth::sim
