// The known answers are in tests/conformance/crypto; here is what only the callback uses.
#include "shared/crypto/openssl/aes_gcm.hpp"

#include <array>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"

namespace berth {
namespace {

using crypto::openssl::AesGcm;

TEST_GROUP(AesGcm) {
  AesGcm aes;
  Bytes nonce = Bytes(AesGcm::kNonceSize);
  std::array<std::uint8_t, AesGcm::kTagSize> tag{};
};

// McGrew and Viega, test case 2.
TEST(AesGcm, TakesKeysOf16Bytes) {
  Bytes text(16);
  CHECK(aes.seal(Bytes(16), nonce, {}, text, text, tag));
  STRCMP_EQUAL("0388dace60b6a392f328c2b971b2fe78", to_hex(text).c_str());
  STRCMP_EQUAL("ab6e47d42cec13bdf53a67b21257bddf", to_hex(tag).c_str());
}

TEST(AesGcm, RefusesOtherSizes) {
  Bytes text(16);
  CHECK(!aes.seal(Bytes(24), nonce, {}, text, text, tag));
  CHECK(!aes.seal(Bytes(32), Bytes(13), {}, text, text, tag));
  Bytes shorter(15);
  CHECK(!aes.seal(Bytes(32), nonce, {}, text, shorter, tag));
}

TEST(AesGcm, WipesWhatDoesNotFitItsTag) {
  Bytes sealed(16);
  CHECK(aes.seal(Bytes(32), nonce, {}, Bytes(16, 7), sealed, tag));
  tag[0] ^= 1;
  Bytes opened(16, 1);
  CHECK(!aes.open(Bytes(32), nonce, {}, sealed, tag, opened));
  CHECK(opened == Bytes(16));
}

}  // namespace
}  // namespace berth
