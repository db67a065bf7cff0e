#include "shared/crypto/asn1/p256_private_key.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"

namespace berth::crypto::asn1 {
namespace {

// The private key of RFC 6979 A.2.5 in PKCS#8.
const std::string kPkcs8 =
    "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"
    "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";

TEST_GROUP(P256PrivateKey) {
  Bytes der = from_hex(kPkcs8).value();
};

TEST(P256PrivateKey, IsFoundInPkcs8) {
  const std::optional<ByteView> key = p256_private_key(der);
  CHECK(key.has_value());
  STRCMP_EQUAL("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
               to_hex(*key).c_str());
}

TEST(P256PrivateKey, IsNotFoundInATruncatedOne) {
  for (std::size_t size = 0; size < der.size(); ++size) {
    CHECK(!p256_private_key(ByteView(der).first(size)).has_value());
  }
}

TEST(P256PrivateKey, OfAnotherCurveIsNotTaken) {
  const std::size_t curve_end = 25;
  LONGS_EQUAL(0x07, der[curve_end]);
  der[curve_end] = 0x01;
  CHECK(!p256_private_key(der).has_value());
}

}  // namespace
}  // namespace berth::crypto::asn1
