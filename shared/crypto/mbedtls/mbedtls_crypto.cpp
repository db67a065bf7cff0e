// The crypto port over PSA Crypto, in the calls on which mbedTLS 2.28, 3.6 and 4 agree.

#include <algorithm>
#include <optional>

#include <mbedtls/version.h>
#include <psa/crypto.h>

#include "shared/base/assert.hpp"
#include "shared/crypto/asn1/certificate_reader.hpp"
#include "shared/crypto/asn1/ecdsa_signature.hpp"
#include "shared/crypto/asn1/p256_private_key.hpp"
#include "shared/crypto/asn1/rsa_public_key.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/crypto/mbedtls/psa.hpp"

namespace berth::crypto {

namespace {

using asn1::Hash;
using asn1::KeyKind;
using asn1::PublicKey;
using asn1::Scheme;
using asn1::SignedParts;
using mbedtls::PsaLock;

constexpr std::size_t kP256NumberSize = 32;

psa_algorithm_t psa_hash(Hash hash) {
  switch (hash) {
    case Hash::sha256: return PSA_ALG_SHA_256;
    case Hash::sha384: return PSA_ALG_SHA_384;
    case Hash::sha512: return PSA_ALG_SHA_512;
  }
  BERTH_ASSERT(false);
  return PSA_ALG_NONE;
}

// The size of each number in a signature.
std::size_t number_size(KeyKind kind) {
  switch (kind) {
    case KeyKind::p256: return kP256NumberSize;
    case KeyKind::p384: return 48;
    case KeyKind::p521: return 66;
    case KeyKind::rsa: break;
  }
  return 0;
}

psa_key_type_t public_key_type(KeyKind kind) {
  return kind == KeyKind::rsa ? PSA_KEY_TYPE_RSA_PUBLIC_KEY
                              : PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1);
}

// A key in PSA's memory for as long as one call needs it. PsaLock is held throughout.
class ImportedKey {
 public:
  ImportedKey(psa_key_type_t type, psa_key_usage_t usage, psa_algorithm_t algorithm, ByteView key) {
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_set_key_type(&attributes, type);
    psa_set_key_usage_flags(&attributes, usage);
    psa_set_key_algorithm(&attributes, algorithm);
    imported_ = psa_import_key(&attributes, key.data(), key.size(), &id_) == PSA_SUCCESS;
  }
  ImportedKey(const ImportedKey&) = delete;
  ImportedKey& operator=(const ImportedKey&) = delete;
  ~ImportedKey() {
    if (imported_) psa_destroy_key(id_);
  }

  explicit operator bool() const { return imported_; }
  [[nodiscard]] psa_key_id_t id() const { return id_; }

 private:
  psa_key_id_t id_{};
  bool imported_ = false;
};

template <std::size_t Size>
std::array<std::uint8_t, Size> digest_of(psa_algorithm_t algorithm, ByteView data) {
  std::array<std::uint8_t, Size> digest{};
  std::size_t size = 0;
  BERTH_ASSERT(psa_hash_compute(algorithm, data.data(), data.size(), digest.data(), digest.size(),
                                &size) == PSA_SUCCESS &&
               size == Size);
  return digest;
}

bool verify(const PublicKey& key, psa_algorithm_t algorithm, Hash hash, ByteView message,
            ByteView signature) {
  std::array<std::uint8_t, PSA_HASH_MAX_SIZE> digest{};
  std::size_t size = 0;
  if (psa_hash_compute(psa_hash(hash), message.data(), message.size(), digest.data(), digest.size(),
                       &size) != PSA_SUCCESS) {
    return false;
  }
  const ImportedKey imported(public_key_type(key.kind), PSA_KEY_USAGE_VERIFY_HASH, algorithm,
                             key.key);
  return imported && psa_verify_hash(imported.id(), algorithm, digest.data(), size,
                                     signature.data(), signature.size()) == PSA_SUCCESS;
}

bool verify_ecdsa(const PublicKey& key, Hash hash, ByteView message, ByteView signature) {
  const std::optional<Bytes> numbers =
      asn1::ecdsa_signature_from_der(signature, number_size(key.kind));
  return numbers && verify(key, PSA_ALG_ECDSA(psa_hash(hash)), hash, message, *numbers);
}

psa_algorithm_t rsa_algorithm(const SignedParts& parts) {
  const psa_algorithm_t hash = psa_hash(parts.hash);
  if (parts.scheme == Scheme::rsa_pkcs1) return PSA_ALG_RSA_PKCS1V15_SIGN(hash);
  return parts.salt_length == PSA_HASH_LENGTH(hash) ? PSA_ALG_RSA_PSS(hash)
                                                    : PSA_ALG_RSA_PSS_ANY_SALT(hash);
}

std::size_t rsa_bits(const ImportedKey& key) {
  psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
  const bool known = psa_get_key_attributes(key.id(), &attributes) == PSA_SUCCESS;
  const std::size_t bits = known ? psa_get_key_bits(&attributes) : 0;
  psa_reset_key_attributes(&attributes);
  return bits;
}

class MbedtlsCrypto final : public ports::Crypto {
 public:
  std::string name() const override { return MBEDTLS_VERSION_STRING_FULL; }

  ports::Sha256Digest sha256(ByteView data) override {
    const PsaLock lock;
    return digest_of<ports::Sha256Digest{}.size()>(PSA_ALG_SHA_256, data);
  }

  ports::Sha256Digest hmac_sha256(ByteView key, ByteView data) override {
    const PsaLock lock;
    // HMAC pads a key with zeros (RFC 2104), and PSA knows no key without bytes.
    const std::uint8_t zero = 0;
    const psa_algorithm_t algorithm = PSA_ALG_HMAC(PSA_ALG_SHA_256);
    const ImportedKey imported(PSA_KEY_TYPE_HMAC, PSA_KEY_USAGE_SIGN_MESSAGE, algorithm,
                               key.empty() ? ByteView(&zero, 1) : key);
    ports::Sha256Digest digest{};
    std::size_t size = 0;
    BERTH_ASSERT(imported && psa_mac_compute(imported.id(), algorithm, data.data(), data.size(),
                                             digest.data(), digest.size(), &size) == PSA_SUCCESS);
    return digest;
  }

  Bytes aes256_gcm_seal(ByteView key, ByteView nonce, ByteView associated_data,
                        ByteView plaintext) override {
    BERTH_ASSERT(key.size() == ports::kAesKeySize && nonce.size() == ports::kGcmNonceSize);
    const PsaLock lock;
    const ImportedKey imported(PSA_KEY_TYPE_AES, PSA_KEY_USAGE_ENCRYPT, PSA_ALG_GCM, key);
    Bytes sealed(plaintext.size() + ports::kGcmTagSize);
    std::size_t size = 0;
    BERTH_ASSERT(imported &&
                 psa_aead_encrypt(imported.id(), PSA_ALG_GCM, nonce.data(), nonce.size(),
                                  associated_data.data(), associated_data.size(), plaintext.data(),
                                  plaintext.size(), sealed.data(), sealed.size(),
                                  &size) == PSA_SUCCESS &&
                 size == sealed.size());
    return sealed;
  }

  Result<Bytes> aes256_gcm_open(ByteView key, ByteView nonce, ByteView associated_data,
                                ByteView sealed) override {
    BERTH_ASSERT(key.size() == ports::kAesKeySize && nonce.size() == ports::kGcmNonceSize);
    if (sealed.size() < ports::kGcmTagSize) {
      return Error{Errc::corrupt, "sealed data is shorter than its tag"};
    }
    const PsaLock lock;
    const ImportedKey imported(PSA_KEY_TYPE_AES, PSA_KEY_USAGE_DECRYPT, PSA_ALG_GCM, key);
    BERTH_ASSERT(imported);
    // PSA asks for a buffer even where there is nothing to put into it.
    Bytes plaintext(std::max<std::size_t>(sealed.size() - ports::kGcmTagSize, 1));
    std::size_t size = 0;
    if (psa_aead_decrypt(imported.id(), PSA_ALG_GCM, nonce.data(), nonce.size(),
                         associated_data.data(), associated_data.size(), sealed.data(),
                         sealed.size(), plaintext.data(), plaintext.size(), &size) != PSA_SUCCESS) {
      return Error{Errc::corrupt, "sealed data does not fit its tag"};
    }
    plaintext.resize(size);
    return plaintext;
  }

  Bytes aes128_cfb_encrypt(ByteView key, ByteView iv, ByteView plaintext) override {
    BERTH_ASSERT(key.size() == ports::kAes128KeySize && iv.size() == ports::kAesBlockSize);
    const PsaLock lock;
    const ImportedKey imported(PSA_KEY_TYPE_AES, PSA_KEY_USAGE_ENCRYPT, PSA_ALG_CFB, key);
    BERTH_ASSERT(imported);
    Bytes ciphertext(plaintext.size() + ports::kAesBlockSize);
    // The one-call form makes up an initialization vector of its own.
    psa_cipher_operation_t operation = psa_cipher_operation_init();
    std::size_t updated = 0;
    std::size_t finished = 0;
    const bool encrypted =
        psa_cipher_encrypt_setup(&operation, imported.id(), PSA_ALG_CFB) == PSA_SUCCESS &&
        psa_cipher_set_iv(&operation, iv.data(), iv.size()) == PSA_SUCCESS &&
        psa_cipher_update(&operation, plaintext.data(), plaintext.size(), ciphertext.data(),
                          ciphertext.size(), &updated) == PSA_SUCCESS &&
        psa_cipher_finish(&operation, ciphertext.data() + updated, ciphertext.size() - updated,
                          &finished) == PSA_SUCCESS;
    psa_cipher_abort(&operation);
    BERTH_ASSERT(encrypted && updated + finished == plaintext.size());
    ciphertext.resize(plaintext.size());
    return ciphertext;
  }

  Result<Bytes> rsa_oaep_encrypt(const ports::RsaPublicKey& key, ByteView label,
                                 ByteView message) override {
    const Error not_a_key{Errc::malformed, "not an RSA key of 2048 to 4096 bits"};
    if (key.modulus.size() > asn1::kMaxRsaBits / 8 || key.exponent < 3 || key.exponent % 2 == 0) {
      return not_a_key;
    }
    const PsaLock lock;
    const psa_algorithm_t algorithm = PSA_ALG_RSA_OAEP(PSA_ALG_SHA_256);
    const ImportedKey imported(PSA_KEY_TYPE_RSA_PUBLIC_KEY, PSA_KEY_USAGE_ENCRYPT, algorithm,
                               asn1::rsa_public_key_to_der(key));
    if (!imported || rsa_bits(imported) < asn1::kMinRsaBits) return not_a_key;
    Bytes ciphertext(key.modulus.size());
    std::size_t size = 0;
    if (psa_asymmetric_encrypt(imported.id(), algorithm, message.data(), message.size(),
                               label.data(), label.size(), ciphertext.data(), ciphertext.size(),
                               &size) != PSA_SUCCESS) {
      return Error{Errc::malformed, "the RSA key encrypts no such message"};
    }
    ciphertext.resize(size);
    return ciphertext;
  }

  Result<ports::Certificate> parse_certificate(ByteView der) override {
    Result<ports::Certificate> certificate = asn1::read_certificate(der);
    if (certificate) {
      const PsaLock lock;
      certificate->sha1 = digest_of<ports::Sha1Digest{}.size()>(PSA_ALG_SHA_1, der);
      certificate->sha256 = digest_of<ports::Sha256Digest{}.size()>(PSA_ALG_SHA_256, der);
    }
    return certificate;
  }

  bool is_signed_by(const ports::Certificate& certificate,
                    const ports::Certificate& issuer) override {
    const std::optional<SignedParts> parts = asn1::read_signed_parts(certificate.der);
    const std::optional<PublicKey> key = asn1::read_public_key(issuer.public_key);
    if (!parts || !key || (parts->scheme == Scheme::ecdsa) == (key->kind == KeyKind::rsa)) {
      return false;
    }
    const PsaLock lock;
    if (key->kind == KeyKind::rsa) {
      return verify(*key, rsa_algorithm(*parts), parts->hash, parts->to_be_signed,
                    parts->signature);
    }
    return verify_ecdsa(*key, parts->hash, parts->to_be_signed, parts->signature);
  }

  Result<Bytes> sign_p256(const SecretBytes& private_key, ByteView message) override {
    const std::optional<ByteView> key = asn1::p256_private_key(private_key.reveal());
    if (!key) return Error{Errc::malformed, "not a P-256 private key in PKCS#8"};
    const PsaLock lock;
    const psa_algorithm_t algorithm = PSA_ALG_ECDSA(PSA_ALG_SHA_256);
    const ImportedKey imported(PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1),
                               PSA_KEY_USAGE_SIGN_HASH, algorithm, *key);
    if (!imported) return Error{Errc::malformed, "the P-256 private key is out of range"};
    const ports::Sha256Digest digest =
        digest_of<ports::Sha256Digest{}.size()>(PSA_ALG_SHA_256, message);
    std::array<std::uint8_t, 2 * kP256NumberSize> numbers{};
    std::size_t size = 0;
    if (psa_sign_hash(imported.id(), algorithm, digest.data(), digest.size(), numbers.data(),
                      numbers.size(), &size) != PSA_SUCCESS ||
        size != numbers.size()) {
      return Error{Errc::internal, "signing with the P-256 key failed"};
    }
    return asn1::ecdsa_signature_to_der(numbers);
  }

  bool verify_p256(ByteView public_key, ByteView message, ByteView signature) override {
    const std::optional<PublicKey> key = asn1::read_public_key(public_key);
    if (!key || key->kind != KeyKind::p256) return false;
    const PsaLock lock;
    return verify_ecdsa(*key, Hash::sha256, message, signature);
  }
};

}  // namespace

std::unique_ptr<ports::Crypto> make_mbedtls_crypto() {
  return std::make_unique<MbedtlsCrypto>();
}

}  // namespace berth::crypto
