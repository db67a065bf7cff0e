#include "shared/crypto/openssl/private_key.hpp"

#include <CppUTest/TestHarness.h>
#include <openssl/ec.h>

#include "shared/base/encoding.hpp"

namespace berth {
namespace {

using crypto::openssl::Key;
using crypto::openssl::read_p256_pkcs8;
using crypto::openssl::read_pkcs8;
using crypto::openssl::read_private_key;
using crypto::openssl::to_pkcs8;

// The key of RFC 6979 A.2.5, as RFC 5915 writes it.
const char* const kEcKey =
    "30250201010420c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
const char* const kEcKeyWithCurve =
    "30310201010420c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
    "a00a06082a8648ce3d030107";

TEST_GROUP(PrivateKey) {
  Key p256 = Key(EVP_EC_gen("P-256"));
  Key p384 = Key(EVP_EC_gen("P-384"));

  void check_malformed(const Result<Key>& key) {
    CHECK(!key.has_value());
    CHECK(key.error().code == Errc::malformed);
  }
};

TEST(PrivateKey, Pkcs8IsReadAsItIsWritten) {
  const Result<SecretBytes> der = to_pkcs8(*p256);
  CHECK(der.has_value());
  const Result<Key> key = read_pkcs8(der->reveal());
  CHECK(key.has_value());
  CHECK(EVP_PKEY_eq(key->get(), p256.get()) == 1);
}

TEST(PrivateKey, BytesAfterPkcs8AreMalformed) {
  Bytes der = to_bytes(to_pkcs8(*p256)->reveal());
  der.push_back(0);
  check_malformed(read_pkcs8(der));
  check_malformed(read_private_key(der));
}

TEST(PrivateKey, EveryTruncationIsMalformed) {
  const SecretBytes der = *to_pkcs8(*p256);
  for (std::size_t size = 0; size < der.size(); ++size) {
    check_malformed(read_private_key(der.reveal().first(size)));
  }
}

TEST(PrivateKey, TheSizeIsLimited) {
  check_malformed(read_pkcs8(Bytes(crypto::openssl::kMaxKeyDer + 1)));
  check_malformed(read_private_key(Bytes(crypto::openssl::kMaxKeyDer + 1)));
}

TEST(PrivateKey, TheOlderFormIsReadWhereItIsAllowed) {
  const Bytes der = from_hex(kEcKeyWithCurve).value();
  CHECK(read_private_key(der).has_value());
  check_malformed(read_pkcs8(der));
}

TEST(PrivateKey, AnOlderFormWithoutItsCurveIsMalformed) {
  check_malformed(read_private_key(from_hex(kEcKey).value()));
}

TEST(PrivateKey, AnotherCurveIsNoP256) {
  CHECK(read_p256_pkcs8(to_pkcs8(*p256)->reveal()).has_value());
  check_malformed(read_p256_pkcs8(to_pkcs8(*p384)->reveal()));
}

}  // namespace
}  // namespace berth
