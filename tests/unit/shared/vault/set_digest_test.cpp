#include "shared/vault/set_digest.hpp"

#include <memory>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"

using berth::Bytes;
using berth::vault::digest_element;
using berth::vault::DigestElement;
using berth::vault::SetDigest;

namespace {

DigestElement filled_with(std::uint8_t byte) {
  DigestElement element{};
  element.fill(byte);
  return element;
}

}  // namespace

TEST_GROUP(SetDigest) {
  std::unique_ptr<berth::ports::Crypto> crypto_ = berth::crypto::make_mbedtls_crypto();
  Bytes key_ = Bytes(berth::vault::kDigestKeySize, 7);

  DigestElement element(std::uint8_t table, const char* id, std::uint64_t version,
                        const char* body) {
    return digest_element(*crypto_, key_, table, id, version, berth::to_bytes(body));
  }
};

TEST(SetDigest, IsZeroForTheEmptySet) {
  CHECK(SetDigest().serialise() == Bytes(berth::vault::kSetDigestSize, 0));
}

TEST(SetDigest, DoesNotDependOnTheOrder) {
  const auto a = element(1, "a", 1, "x");
  const auto b = element(1, "b", 1, "y");
  SetDigest one;
  one.add(a);
  one.add(b);
  SetDigest other;
  other.add(b);
  other.add(a);
  CHECK(one == other);
}

TEST(SetDigest, TakesAwayWhatWasAdded) {
  const auto a = element(1, "a", 1, "x");
  const auto b = element(1, "b", 1, "y");
  SetDigest with_both;
  with_both.add(a);
  with_both.add(b);
  with_both.remove(a);
  SetDigest with_b;
  with_b.add(b);
  CHECK(with_both == with_b);
}

TEST(SetDigest, CarriesAndBorrowsThroughAllBytes) {
  DigestElement one{};
  one.back() = 1;
  SetDigest digest;
  digest.add(filled_with(0xff));
  digest.add(one);
  CHECK(digest == SetDigest());
  digest.remove(one);
  CHECK(digest.serialise() == Bytes(berth::vault::kSetDigestSize, 0xff));
}

TEST(SetDigest, TellsApartWhatDiffersInAnyPart) {
  const auto base = element(1, "a", 1, "x");
  CHECK(base == element(1, "a", 1, "x"));
  CHECK(base != element(2, "a", 1, "x"));
  CHECK(base != element(1, "b", 1, "x"));
  CHECK(base != element(1, "a", 2, "x"));
  CHECK(base != element(1, "a", 1, "y"));
  key_[0] ^= 1;
  CHECK(base != element(1, "a", 1, "x"));
}

TEST(SetDigest, IsAnHmacOfTheDocumentedFields) {
  // docs/formats/sealed_record.md; computed with Python's hmac and hashlib.
  STRCMP_EQUAL("6488e6c9910a0fe2a88ff77a69ca0c026a43e324ecb2c57711da8f02d77e5d50",
               berth::to_hex(element(1, "dev-1", 3, "body")).c_str());
}

TEST(SetDigest, ParsesWhatItSerialised) {
  SetDigest digest;
  digest.add(element(1, "a", 1, "x"));
  CHECK(SetDigest::parse(digest.serialise()) == digest);
  CHECK_FALSE(SetDigest::parse(Bytes(31)).has_value());
  CHECK_FALSE(SetDigest::parse(Bytes(33)).has_value());
}
