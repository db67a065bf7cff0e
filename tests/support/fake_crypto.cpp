#include "tests/support/fake_crypto.hpp"

#include "shared/crypto/mbedtls/mbedtls.hpp"

namespace berth::testing {
namespace {

std::string common_name_of(const std::string& subject) {
  return subject.starts_with("CN=") ? subject.substr(3) : std::string{};
}

}  // namespace

FakeCrypto::FakeCrypto() : real_(crypto::make_mbedtls_crypto()) {}

ports::Certificate FakeCrypto::make(const FakeCertificate& wanted) {
  const std::string key = wanted.key.empty() ? wanted.subject : wanted.key;
  const std::string signing_key = wanted.signing_key.empty() ? wanted.issuer : wanted.signing_key;
  ports::Certificate certificate;
  certificate.subject = to_bytes(wanted.subject);
  certificate.issuer = to_bytes(wanted.issuer);
  certificate.subject_text = wanted.subject;
  certificate.issuer_text = wanted.issuer;
  certificate.common_name = common_name_of(wanted.subject);
  certificate.serial = to_bytes(wanted.serial);
  certificate.not_before = wanted.not_before;
  certificate.not_after = wanted.not_after;
  certificate.public_key = to_bytes(key);
  certificate.is_ca = wanted.is_ca;
  certificate.path_length = wanted.path_length;
  certificate.has_key_usage = wanted.has_key_usage;
  certificate.may_sign_certificates = wanted.may_sign_certificates;
  certificate.may_sign = wanted.may_sign;
  certificate.has_unknown_critical_extension = wanted.has_unknown_critical_extension;
  certificate.der = to_bytes("certificate " + std::to_string(certificates_.size()) + " of " +
                             wanted.subject + " by " + signing_key + " serial " + wanted.serial);
  certificate.sha256 = real_->sha256(certificate.der);
  certificates_[certificate.der] = certificate;
  signing_keys_[certificate.der] = to_bytes(signing_key);
  return certificate;
}

ports::Sha256Digest FakeCrypto::sha256(ByteView data) {
  return real_->sha256(data);
}

ports::Sha256Digest FakeCrypto::hmac_sha256(ByteView key, ByteView data) {
  ++hmacs_made_;
  return real_->hmac_sha256(key, data);
}

Bytes FakeCrypto::aes256_gcm_seal(ByteView key, ByteView nonce, ByteView associated_data,
                                  ByteView plaintext) {
  return real_->aes256_gcm_seal(key, nonce, associated_data, plaintext);
}

Result<Bytes> FakeCrypto::aes256_gcm_open(ByteView key, ByteView nonce, ByteView associated_data,
                                          ByteView sealed) {
  return real_->aes256_gcm_open(key, nonce, associated_data, sealed);
}

Bytes FakeCrypto::aes128_cfb_encrypt(ByteView key, ByteView iv, ByteView plaintext) {
  return real_->aes128_cfb_encrypt(key, iv, plaintext);
}

Result<Bytes> FakeCrypto::rsa_oaep_encrypt(const ports::RsaPublicKey& key, ByteView label,
                                           ByteView message) {
  return real_->rsa_oaep_encrypt(key, label, message);
}

Result<ports::Certificate> FakeCrypto::parse_certificate(ByteView der) {
  ++certificates_parsed_;
  const auto found = certificates_.find(to_bytes(der));
  if (found == certificates_.end()) return Error{Errc::malformed, "not a certificate"};
  return found->second;
}

bool FakeCrypto::is_signed_by(const ports::Certificate& certificate,
                              const ports::Certificate& issuer) {
  ++signatures_checked_;
  const auto found = signing_keys_.find(certificate.der);
  return found != signing_keys_.end() && found->second == issuer.public_key;
}

Result<Bytes> FakeCrypto::sign_p256(const SecretBytes& private_key, ByteView message) {
  return real_->sign_p256(private_key, message);
}

bool FakeCrypto::verify_p256(ByteView public_key, ByteView message, ByteView signature) {
  return real_->verify_p256(public_key, message, signature);
}

}  // namespace berth::testing
