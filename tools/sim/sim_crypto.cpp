#include "tools/sim/sim_crypto.hpp"

#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/encoding.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"

namespace berth::sim {
namespace {

constexpr std::string_view kCertificate = "certificate";
constexpr std::string_view kCsr = "csr";
constexpr std::string_view kRsaOaep = "rsa-oaep";
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kSerialSize = 16;
// kind, subject, key, issuer, issuer's key, from, until, is a CA, serial
constexpr std::size_t kCertificateFields = 9;
constexpr std::size_t kCsrFields = 3;

std::vector<std::string> fields_of(ByteView der) {
  std::vector<std::string> fields(1);
  for (const std::uint8_t byte : der) {
    if (byte == '\n') {
      fields.emplace_back();
    } else {
      fields.back().push_back(static_cast<char>(byte));
    }
  }
  return fields;
}

Bytes joined(const std::vector<std::string>& fields) {
  std::string text = fields.front();
  for (std::size_t i = 1; i < fields.size(); ++i) text += "\n" + fields[i];
  return to_bytes(text);
}

Result<Bytes> hex(const std::string& text) {
  auto bytes = from_hex(text);
  if (!bytes) return Error{Errc::malformed, "not a simulated certificate"};
  return std::move(*bytes);
}

WallTime time_of(const std::string& text) {
  std::int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return from_unix_seconds(seconds);
}

}  // namespace

SimCrypto::SimCrypto() : real_(crypto::make_mbedtls_crypto()) {}

ports::Sha256Digest SimCrypto::sha256(ByteView data) {
  return real_->sha256(data);
}

ports::Sha256Digest SimCrypto::hmac_sha256(ByteView key, ByteView data) {
  return real_->hmac_sha256(key, data);
}

Bytes SimCrypto::aes256_gcm_seal(ByteView key, ByteView nonce, ByteView associated_data,
                                 ByteView plaintext) {
  return real_->aes256_gcm_seal(key, nonce, associated_data, plaintext);
}

Result<Bytes> SimCrypto::aes256_gcm_open(ByteView key, ByteView nonce, ByteView associated_data,
                                         ByteView sealed) {
  return real_->aes256_gcm_open(key, nonce, associated_data, sealed);
}

Bytes SimCrypto::aes128_cfb_encrypt(ByteView key, ByteView iv, ByteView plaintext) {
  return real_->aes128_cfb_encrypt(key, iv, plaintext);
}

// A text too: padding is random, and a run is its seed's.
Result<Bytes> SimCrypto::rsa_oaep_encrypt(const ports::RsaPublicKey& key, ByteView label,
                                          ByteView message) {
  return joined(
      {std::string(kRsaOaep), to_hex(sha256(key.modulus)), to_hex(label), to_hex(message)});
}

Result<ports::Certificate> SimCrypto::parse_certificate(ByteView der) {
  const auto fields = fields_of(der);
  if (fields.size() != kCertificateFields || fields[0] != kCertificate) {
    return Error{Errc::malformed, "not a simulated certificate"};
  }
  auto key = hex(fields[2]);
  if (!key) return key.error();
  ports::Certificate certificate;
  certificate.der = to_bytes(der);
  certificate.common_name = fields[1];
  certificate.subject_text = "CN=" + fields[1];
  certificate.issuer_text = "CN=" + fields[3];
  certificate.subject = to_bytes(certificate.subject_text);
  certificate.issuer = to_bytes(certificate.issuer_text);
  certificate.public_key = std::move(*key);
  certificate.not_before = time_of(fields[5]);
  certificate.not_after = time_of(fields[6]);
  certificate.is_ca = fields[7] == "ca";
  certificate.has_key_usage = true;
  certificate.may_sign_certificates = certificate.is_ca;
  certificate.may_sign = true;
  certificate.serial = to_bytes(fields[8]);
  certificate.sha256 = sha256(der);
  return certificate;
}

bool SimCrypto::is_signed_by(const ports::Certificate& certificate,
                             const ports::Certificate& issuer) {
  const auto fields = fields_of(certificate.der);
  return fields.size() == kCertificateFields && fields[4] == to_hex(issuer.public_key);
}

Bytes SimCrypto::public_key_of(const SecretBytes& private_key) {
  const auto hash = sha256(private_key.reveal());
  return {hash.begin(), hash.end()};
}

Result<Bytes> SimCrypto::sign_p256(const SecretBytes& private_key, ByteView message) {
  const auto mac = hmac_sha256(public_key_of(private_key), message);
  return Bytes{mac.begin(), mac.end()};
}

bool SimCrypto::verify_p256(ByteView public_key, ByteView message, ByteView signature) {
  return constant_time_equal(hmac_sha256(public_key, message), signature);
}

Result<ports::KeyPair> SimAuthority::generate_p256() {
  ports::KeyPair pair;
  pair.private_key = entropy_.secret(kKeySize);
  pair.public_key = crypto_.public_key_of(pair.private_key);
  return pair;
}

Result<Bytes> SimAuthority::public_key_of(const SecretBytes& private_key) {
  return crypto_.public_key_of(private_key);
}

Result<Bytes> SimAuthority::issue(const ports::CertificateRequest& request,
                                  const std::optional<Bytes>& issuer_certificate,
                                  const SecretBytes& issuer_key) {
  std::string issuer = request.common_name;
  if (issuer_certificate) {
    const auto parsed = crypto_.parse_certificate(*issuer_certificate);
    if (!parsed) return parsed.error();
    issuer = parsed->common_name;
  }
  return joined({std::string(kCertificate), request.common_name, to_hex(request.public_key), issuer,
                 to_hex(crypto_.public_key_of(issuer_key)),
                 std::to_string(unix_seconds(request.not_before)),
                 std::to_string(unix_seconds(request.not_after)), request.is_ca ? "ca" : "leaf",
                 to_hex(entropy_.bytes(kSerialSize))});
}

Result<Bytes> SimAuthority::make_csr(const std::string& common_name,
                                     const SecretBytes& private_key) {
  return joined({std::string(kCsr), common_name, to_hex(crypto_.public_key_of(private_key))});
}

Result<ports::CertificateAuthority::Csr> SimAuthority::read_csr(ByteView der) {
  const auto fields = fields_of(der);
  if (fields.size() != kCsrFields || fields[0] != kCsr) {
    return Error{Errc::malformed, "not a simulated request for a certificate"};
  }
  auto key = hex(fields[2]);
  if (!key) return key.error();
  return Csr{fields[1], std::move(*key)};
}

}  // namespace berth::sim
