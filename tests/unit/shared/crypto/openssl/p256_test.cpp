#include "shared/crypto/openssl/p256.hpp"

#include <algorithm>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"

namespace berth {
namespace {

using crypto::openssl::kMaxP256Signature;
using crypto::openssl::kP256KeySize;
using crypto::openssl::kP256PointSize;
using crypto::openssl::P256;

using Key = std::array<std::uint8_t, kP256KeySize>;
using Point = std::array<std::uint8_t, kP256PointSize>;

template <std::size_t Size>
std::array<std::uint8_t, Size> fixed(const std::string& hex) {
  const Bytes bytes = from_hex(hex).value();
  std::array<std::uint8_t, Size> array{};
  std::copy(bytes.begin(), bytes.end(), array.begin());
  return array;
}

TEST_GROUP(P256) {
  P256 p256;
  Key key{};
  Point point{};
  Bytes digest = Bytes(32, 9);

  void setup() override {
    CHECK(p256.generate(key, point));
  }
};

// RFC 5903 section 8.1.
TEST(P256, AgreesOnThePublishedSecret) {
  const Key mine =
      fixed<kP256KeySize>("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433");
  const Point theirs = fixed<kP256PointSize>(
      "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
      "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab");
  Key secret{};
  CHECK(p256.agree(mine, theirs, secret));
  STRCMP_EQUAL("d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de",
               to_hex(secret).c_str());
}

TEST(P256, RefusesAPointOffTheCurve) {
  point.back() ^= 1;
  Key secret{};
  CHECK(!p256.agree(key, point, secret));
  CHECK(!p256.verify(point, digest, Bytes(8)));
}

TEST(P256, VerifiesWhatItSigns) {
  std::array<std::uint8_t, kMaxP256Signature> buffer{};
  for (int i = 0; i < 50; ++i) {
    const std::optional<std::size_t> size = p256.sign(key, digest, buffer);
    CHECK(size.has_value());
    CHECK(p256.verify(point, digest, ByteView(buffer).first(*size)));
    ++digest[0];
    CHECK(!p256.verify(point, digest, ByteView(buffer).first(*size)));
  }
}

}  // namespace
}  // namespace berth
