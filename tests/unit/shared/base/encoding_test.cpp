#include "shared/base/encoding.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;

TEST_GROUP(Encoding){};

TEST(Encoding, Base64FollowsTheVectorsOfRfc4648Section10) {
  CHECK(to_base64(as_bytes("")) == "");
  CHECK(to_base64(as_bytes("f")) == "Zg==");
  CHECK(to_base64(as_bytes("fo")) == "Zm8=");
  CHECK(to_base64(as_bytes("foo")) == "Zm9v");
  CHECK(to_base64(as_bytes("foobar")) == "Zm9vYmFy");
  CHECK(as_text(*from_base64("Zm9vYg==")) == "foob");
}

TEST(Encoding, Base64AcceptsMissingPaddingAndRefusesEverythingElse) {
  CHECK(as_text(*from_base64("Zg")) == "f");
  CHECK_FALSE(from_base64("Z").has_value());
  CHECK_FALSE(from_base64("Zg=").has_value());
  CHECK_FALSE(from_base64("Zm9v\n").has_value());
  CHECK_FALSE(from_base64("Zh==").has_value());
  CHECK_FALSE(from_base64("Zm-v").has_value());
}

TEST(Encoding, Base32FollowsTheVectorsOfRfc4648Section10) {
  CHECK(to_base32(as_bytes("")).empty());
  CHECK(to_base32(as_bytes("f")) == "my");
  CHECK(to_base32(as_bytes("fo")) == "mzxq");
  CHECK(to_base32(as_bytes("foo")) == "mzxw6");
  CHECK(to_base32(as_bytes("foob")) == "mzxw6yq");
  CHECK(to_base32(as_bytes("fooba")) == "mzxw6ytb");
  CHECK(to_base32(as_bytes("foobar")) == "mzxw6ytboi");
}

TEST(Encoding, Base64UrlHasItsOwnAlphabetAndNoPadding) {
  const Bytes bytes{0xFB, 0xFF, 0xFE};
  CHECK(to_base64url(bytes) == "-__-");
  CHECK(*from_base64url("-__-") == bytes);
}

TEST(Encoding, HexReadsEitherCaseAndRefusesOddLengths) {
  CHECK(to_hex(*from_hex("aBcD")) == "abcd");
  CHECK(to_upper_hex(*from_hex("abcd")) == "ABCD");
  CHECK_FALSE(from_hex("abc").has_value());
  CHECK_FALSE(from_hex("zz").has_value());
}

TEST(Encoding, PercentDecodesOnceAndRefusesBrokenEscapes) {
  CHECK(*percent_decode("Dev%3A1%20x%2525") == "Dev:1 x%25");
  CHECK(*percent_decode("a+b") == "a+b");
  CHECK_FALSE(percent_decode("%4").has_value());
  CHECK_FALSE(percent_decode("%zz").has_value());
  CHECK(percent_encode("a/b c~") == "a%2Fb%20c~");
}

TEST(Encoding, ComparesAsciiWithoutRegardToCase) {
  CHECK(equals_ignoring_case("AbC-1", "aBc-1"));
  CHECK_FALSE(equals_ignoring_case("abc", "abcd"));
}
