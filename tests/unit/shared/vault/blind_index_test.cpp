#include "shared/vault/blind_index.hpp"

#include <memory>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"

using berth::Bytes;
using berth::SecretBytes;
using berth::vault::blind_row;
using berth::vault::blind_term;

TEST_GROUP(BlindIndex) {
  std::unique_ptr<berth::ports::Crypto> crypto_ = berth::crypto::make_mbedtls_crypto();
  SecretBytes key_ = SecretBytes(Bytes(32, 9));
};

TEST(BlindIndex, IsTheStartOfAnHmac) {
  // docs/formats/sealed_record.md; computed with Python's hmac.
  STRCMP_EQUAL("2fabaf124b55e0f10825c99d3ffd750d",
               berth::to_hex(blind_row(*crypto_, key_, 1, "dev-1")).c_str());
}

TEST(BlindIndex, TellsApartWhatDiffersInAnyPart) {
  const auto row = blind_row(*crypto_, key_, 1, "dev-1");
  CHECK(row == blind_row(*crypto_, key_, 1, "dev-1"));
  CHECK(row != blind_row(*crypto_, key_, 2, "dev-1"));
  CHECK(row != blind_row(*crypto_, key_, 1, "dev-2"));
  CHECK(row != blind_row(*crypto_, SecretBytes(Bytes(32, 8)), 1, "dev-1"));
  CHECK(row != blind_term(*crypto_, key_, 1, 1, "dev-1"));
}

TEST(BlindIndex, TellsIndexesApart) {
  CHECK(blind_term(*crypto_, key_, 1, 1, "x") != blind_term(*crypto_, key_, 1, 2, "x"));
  CHECK(blind_term(*crypto_, key_, 1, 1, "x") != blind_term(*crypto_, key_, 2, 1, "x"));
}
