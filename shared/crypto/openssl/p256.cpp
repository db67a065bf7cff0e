// The EC_KEY functions are deprecated since OpenSSL 3.0 and half as dear as their EVP successors,
// which look up an algorithm by name on every call; a handshake makes four of these calls.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "shared/crypto/openssl/p256.hpp"

#include <openssl/ec.h>
#include <openssl/ecdh.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>

#include "shared/base/assert.hpp"
#include "shared/crypto/openssl/handle.hpp"
#include "shared/crypto/openssl/private_key.hpp"

namespace berth::crypto::openssl {

namespace {

using EcKey = Handle<EC_KEY, EC_KEY_free>;
using Point = Handle<EC_POINT, EC_POINT_free>;
using Number = Handle<BIGNUM, BN_clear_free>;

EcKey with_private(const EC_GROUP* group, P256KeyView bytes) {
  EcKey key(EC_KEY_new());
  const Number number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  if (!key || !number || EC_KEY_set_group(key.get(), group) != 1 ||
      EC_KEY_set_private_key(key.get(), number.get()) != 1) {
    return nullptr;
  }
  return key;
}

// libcrypto refuses a point that is not on the curve.
Point read_point(const EC_GROUP* group, P256PointView bytes) {
  Point point(EC_POINT_new(group));
  if (!point || EC_POINT_oct2point(group, point.get(), bytes.data(), bytes.size(), nullptr) != 1) {
    return nullptr;
  }
  return point;
}

// Calls that failed leave nothing behind in this thread's error queue.
struct ErrorsCleared {
  ErrorsCleared() = default;
  ErrorsCleared(const ErrorsCleared&) = delete;
  ErrorsCleared& operator=(const ErrorsCleared&) = delete;
  ~ErrorsCleared() { ERR_clear_error(); }
};

}  // namespace

struct P256::Curve {
  Handle<EC_GROUP, EC_GROUP_free> group{EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)};
};

P256::P256() : curve_(std::make_unique<Curve>()) {
  BERTH_ASSERT(curve_->group != nullptr);
}
P256::~P256() = default;

bool P256::generate(std::span<std::uint8_t, kP256KeySize> key,
                    std::span<std::uint8_t, kP256PointSize> point) const {
  const ErrorsCleared cleared;
  const EC_GROUP* group = curve_->group.get();
  const EcKey made(EC_KEY_new());
  return made && EC_KEY_set_group(made.get(), group) == 1 && EC_KEY_generate_key(made.get()) == 1 &&
         BN_bn2binpad(EC_KEY_get0_private_key(made.get()), key.data(),
                      static_cast<int>(key.size())) == static_cast<int>(key.size()) &&
         EC_POINT_point2oct(group, EC_KEY_get0_public_key(made.get()),
                            POINT_CONVERSION_UNCOMPRESSED, point.data(), point.size(),
                            nullptr) == point.size();
}

bool P256::agree(P256KeyView key, P256PointView peer,
                 std::span<std::uint8_t, kP256KeySize> secret) const {
  const ErrorsCleared cleared;
  const EC_GROUP* group = curve_->group.get();
  const EcKey own = with_private(group, key);
  const Point point = read_point(group, peer);
  return own && point &&
         ECDH_compute_key(secret.data(), secret.size(), point.get(), own.get(), nullptr) ==
             static_cast<int>(secret.size());
}

std::optional<std::size_t> P256::sign(P256KeyView key, ByteView digest,
                                      std::span<std::uint8_t, kMaxP256Signature> into) const {
  const ErrorsCleared cleared;
  const EcKey own = with_private(curve_->group.get(), key);
  if (!own || static_cast<std::size_t>(ECDSA_size(own.get())) > into.size()) return std::nullopt;
  unsigned int size = 0;
  if (ECDSA_sign(0, digest.data(), static_cast<int>(digest.size()), into.data(), &size,
                 own.get()) != 1) {
    return std::nullopt;
  }
  return size;
}

bool P256::verify(P256PointView point, ByteView digest, ByteView signature) const {
  const ErrorsCleared cleared;
  const EC_GROUP* group = curve_->group.get();
  const EcKey key(EC_KEY_new());
  const Point on_curve = read_point(group, point);
  return key && on_curve && EC_KEY_set_group(key.get(), group) == 1 &&
         EC_KEY_set_public_key(key.get(), on_curve.get()) == 1 &&
         ECDSA_verify(0, digest.data(), static_cast<int>(digest.size()), signature.data(),
                      static_cast<int>(signature.size()), key.get()) == 1;
}

Result<Bytes> sign_p256_sha256(const SecretBytes& pkcs8, ByteView message) {
  const Result<Key> key = read_p256_pkcs8(pkcs8.reveal());
  if (!key) return key.error();
  const Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  Bytes signature(kMaxP256Signature);
  std::size_t size = signature.size();
  if (!context ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key->get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1) {
    return failure(Errc::internal, "signing with the P-256 key failed");
  }
  signature.resize(size);
  return signature;
}

}  // namespace berth::crypto::openssl
