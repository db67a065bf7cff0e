// The crypto port over wolfCrypt; P-256, AES-GCM and RSA-OAEP over libcrypto.

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <wolfssl/options.h>  // first: it says how the library was built
#include <wolfssl/version.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/signature.h>

#include "shared/base/assert.hpp"
#include "shared/crypto/asn1/certificate_reader.hpp"
#include "shared/crypto/openssl/aes_gcm.hpp"
#include "shared/crypto/openssl/p256.hpp"
#include "shared/crypto/openssl/rsa_oaep.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/crypto/wolfssl/wolfssl_device.hpp"

namespace berth::crypto {

namespace {

using asn1::Hash;
using asn1::KeyKind;
using asn1::PublicKey;
using asn1::Scheme;
using asn1::SignedParts;
using openssl::AesGcm;

static_assert(AesGcm::kNonceSize == ports::kGcmNonceSize);
static_assert(AesGcm::kTagSize == ports::kGcmTagSize);

constexpr std::size_t kMaxRsaBytes = asn1::kMaxRsaBits / 8;

word32 size_of(ByteView data) {
  return static_cast<word32>(data.size());
}

wc_HashType type_of(Hash hash) {
  switch (hash) {
    case Hash::sha256: return WC_HASH_TYPE_SHA256;
    case Hash::sha384: return WC_HASH_TYPE_SHA384;
    case Hash::sha512: return WC_HASH_TYPE_SHA512;
  }
  BERTH_ASSERT(false);
  return WC_HASH_TYPE_NONE;
}

int mask_of(Hash hash) {
  switch (hash) {
    case Hash::sha256: return WC_MGF1SHA256;
    case Hash::sha384: return WC_MGF1SHA384;
    case Hash::sha512: return WC_MGF1SHA512;
  }
  BERTH_ASSERT(false);
  return WC_MGF1NONE;
}

Bytes digest_of(wc_HashType type, ByteView data) {
  const int size = wc_HashGetDigestSize(type);
  BERTH_ASSERT(size > 0);
  Bytes digest(static_cast<std::size_t>(size));
  BERTH_ASSERT(wc_Hash(type, data.data(), size_of(data), digest.data(), size_of(digest)) == 0);
  return digest;
}

template <std::size_t Size>
std::array<std::uint8_t, Size> fixed_digest(wc_HashType type, ByteView data) {
  const Bytes digest = digest_of(type, data);
  BERTH_ASSERT(digest.size() == Size);
  std::array<std::uint8_t, Size> fixed{};
  std::copy(digest.begin(), digest.end(), fixed.begin());
  return fixed;
}

struct EccKey {
  EccKey() { BERTH_ASSERT(wc_ecc_init(&key) == 0); }
  EccKey(const EccKey&) = delete;
  EccKey& operator=(const EccKey&) = delete;
  ~EccKey() { wc_ecc_free(&key); }
  ecc_key key{};
};

struct RsaPublicKey {
  RsaPublicKey() { BERTH_ASSERT(wc_InitRsaKey(&key, nullptr) == 0); }
  RsaPublicKey(const RsaPublicKey&) = delete;
  RsaPublicKey& operator=(const RsaPublicKey&) = delete;
  ~RsaPublicKey() { wc_FreeRsaKey(&key); }
  RsaKey key{};
};

bool verify_ecdsa(int curve, ByteView point, ByteView digest, ByteView signature) {
  wolfssl::free_point_cache_at_thread_end();
  EccKey key;
  if (wc_ecc_import_x963_ex(point.data(), size_of(point), &key.key, curve) != 0 ||
      wc_ecc_check_key(&key.key) != 0) {
    return false;
  }
  int fits = 0;
  return wc_ecc_verify_hash(signature.data(), size_of(signature), digest.data(), size_of(digest),
                            &fits, &key.key) == 0 &&
         fits == 1;
}

bool verify_rsa(const SignedParts& parts, ByteView public_key) {
  RsaPublicKey key;
  word32 at = 0;
  if (wc_RsaPublicKeyDecode(public_key.data(), &at, &key.key, size_of(public_key)) != 0) {
    return false;
  }
  const int modulus_size = wc_RsaEncryptSize(&key.key);
  if (modulus_size <= 0 || static_cast<std::size_t>(modulus_size) != parts.signature.size()) {
    return false;
  }
  const wc_HashType hash = type_of(parts.hash);
  if (parts.scheme == Scheme::rsa_pkcs1) {
    return wc_SignatureVerify(hash, WC_SIGNATURE_TYPE_RSA_W_ENC, parts.to_be_signed.data(),
                              size_of(parts.to_be_signed), parts.signature.data(),
                              size_of(parts.signature), &key.key, sizeof key.key) == 0;
  }
  const Bytes digest = digest_of(hash, parts.to_be_signed);
  const int salt = static_cast<int>(parts.salt_length);
  Bytes signature = to_bytes(parts.signature);
  std::array<std::uint8_t, kMaxRsaBytes> recovered{};
  const int size = wc_RsaPSS_Verify_ex(signature.data(), size_of(signature), recovered.data(),
                                       static_cast<word32>(recovered.size()), hash,
                                       mask_of(parts.hash), salt, &key.key);
  return size > 0 && wc_RsaPSS_CheckPadding_ex(digest.data(), size_of(digest), recovered.data(),
                                               static_cast<word32>(size), hash, salt,
                                               mp_count_bits(&key.key.n)) == 0;
}

class WolfsslCrypto final : public ports::Crypto {
 public:
  WolfsslCrypto() { static_cast<void>(wolfssl::device_id()); }

  std::string name() const override { return "wolfSSL " LIBWOLFSSL_VERSION_STRING; }

  ports::Sha256Digest sha256(ByteView data) override {
    return fixed_digest<ports::Sha256Digest{}.size()>(WC_HASH_TYPE_SHA256, data);
  }

  ports::Sha256Digest hmac_sha256(ByteView key, ByteView data) override {
    ports::Sha256Digest digest{};
    const std::uint8_t none = 0;  // wolfCrypt takes no null, though it takes no bytes
    Hmac hmac;
    BERTH_ASSERT(wc_HmacInit(&hmac, nullptr, INVALID_DEVID) == 0);
    const bool computed =
        wc_HmacSetKey(&hmac, WC_SHA256, key.empty() ? &none : key.data(), size_of(key)) == 0 &&
        wc_HmacUpdate(&hmac, data.empty() ? &none : data.data(), size_of(data)) == 0 &&
        wc_HmacFinal(&hmac, digest.data()) == 0;
    wc_HmacFree(&hmac);
    wipe({reinterpret_cast<std::uint8_t*>(&hmac), sizeof hmac});
    BERTH_ASSERT(computed);
    return digest;
  }

  Bytes aes256_gcm_seal(ByteView key, ByteView nonce, ByteView associated_data,
                        ByteView plaintext) override {
    BERTH_ASSERT(key.size() == ports::kAesKeySize && nonce.size() == ports::kGcmNonceSize);
    Bytes sealed(plaintext.size() + AesGcm::kTagSize);
    const std::span<std::uint8_t> all(sealed);
    BERTH_ASSERT(aes_gcm_.seal(key, nonce, associated_data, plaintext, all.first(plaintext.size()),
                               all.last<AesGcm::kTagSize>()));
    return sealed;
  }

  Result<Bytes> aes256_gcm_open(ByteView key, ByteView nonce, ByteView associated_data,
                                ByteView sealed) override {
    BERTH_ASSERT(key.size() == ports::kAesKeySize && nonce.size() == ports::kGcmNonceSize);
    if (sealed.size() < AesGcm::kTagSize) {
      return Error{Errc::corrupt, "sealed data is shorter than its tag"};
    }
    Bytes plaintext(sealed.size() - AesGcm::kTagSize);
    if (!aes_gcm_.open(key, nonce, associated_data, sealed.first(plaintext.size()),
                       sealed.last<AesGcm::kTagSize>(), plaintext)) {
      return Error{Errc::corrupt, "sealed data does not fit its tag"};
    }
    return plaintext;
  }

  Bytes aes128_cfb_encrypt(ByteView key, ByteView iv, ByteView plaintext) override {
    BERTH_ASSERT(key.size() == ports::kAes128KeySize && iv.size() == ports::kAesBlockSize);
    Bytes ciphertext(plaintext.size());
    Aes aes;
    BERTH_ASSERT(wc_AesInit(&aes, nullptr, INVALID_DEVID) == 0);
    // CFB runs the block cipher forwards in both directions.
    const bool encrypted =
        wc_AesSetKey(&aes, key.data(), size_of(key), iv.data(), AES_ENCRYPTION) == 0 &&
        (plaintext.empty() ||
         wc_AesCfbEncrypt(&aes, ciphertext.data(), plaintext.data(), size_of(plaintext)) == 0);
    wc_AesFree(&aes);
    wipe({reinterpret_cast<std::uint8_t*>(&aes), sizeof aes});
    BERTH_ASSERT(encrypted);
    return ciphertext;
  }

  Result<Bytes> rsa_oaep_encrypt(const ports::RsaPublicKey& key, ByteView label,
                                 ByteView message) override {
    return openssl::rsa_oaep_sha256_encrypt(key, label, message);
  }

  Result<ports::Certificate> parse_certificate(ByteView der) override {
    Result<ports::Certificate> certificate = asn1::read_certificate(der);
    if (certificate) {
      certificate->sha1 = fixed_digest<ports::Sha1Digest{}.size()>(WC_HASH_TYPE_SHA, der);
      certificate->sha256 = sha256(der);
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
    if (key->kind == KeyKind::rsa) return verify_rsa(*parts, issuer.public_key);
    const Bytes digest = digest_of(type_of(parts->hash), parts->to_be_signed);
    switch (key->kind) {
      case KeyKind::p256:
        return p256_.verify(key->key.first<openssl::kP256PointSize>(), digest, parts->signature);
      case KeyKind::p384: return verify_ecdsa(ECC_SECP384R1, key->key, digest, parts->signature);
      case KeyKind::p521: return verify_ecdsa(ECC_SECP521R1, key->key, digest, parts->signature);
      case KeyKind::rsa: break;
    }
    return false;
  }

  Result<Bytes> sign_p256(const SecretBytes& private_key, ByteView message) override {
    return openssl::sign_p256_sha256(private_key, message);
  }

  bool verify_p256(ByteView public_key, ByteView message, ByteView signature) override {
    const std::optional<PublicKey> key = asn1::read_public_key(public_key);
    if (!key || key->kind != KeyKind::p256) return false;
    return p256_.verify(key->key.first<openssl::kP256PointSize>(), sha256(message), signature);
  }

 private:
  openssl::P256 p256_;
  AesGcm aes_gcm_;
};

}  // namespace

std::unique_ptr<ports::Crypto> make_wolfssl_crypto() {
  return std::make_unique<WolfsslCrypto>();
}

}  // namespace berth::crypto
