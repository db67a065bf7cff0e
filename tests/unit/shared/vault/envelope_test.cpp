#include "shared/vault/envelope.hpp"

#include <memory>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "tests/support/fake_entropy.hpp"

using berth::Bytes;
using berth::Errc;
using berth::SecretBytes;
using berth::to_bytes;
using namespace berth::vault;

TEST_GROUP(Envelope) {
  std::unique_ptr<berth::ports::Crypto> crypto_ = berth::crypto::make_mbedtls_crypto();
  berth::testing::FakeEntropy entropy_;
  SealingKey key_{3, entropy_.secret(berth::ports::kAesKeySize)};
  Bytes row_key_ = Bytes(16, 0x11);
  Place place_{.purpose = Purpose::record,
               .table = 1,
               .tenant = "0neaa000001",
               .row_key = row_key_,
               .version = 7};
  Bytes sealed_ = seal(*crypto_, entropy_, key_, place_, to_bytes("content"));

  bool opens_at(const Place& place) {
    const auto content = open(*crypto_, key_, place, sealed_);
    if (content) return true;
    CHECK(content.error().code == Errc::corrupt);
    return false;
  }
};

TEST(Envelope, OpensWhereItWasSealed) {
  const auto content = open(*crypto_, key_, place_, sealed_);
  CHECK(content.has_value());
  CHECK(*content == to_bytes("content"));
  CHECK(sealed_.size() == 7 + kEnvelopeOverhead);
}

TEST(Envelope, OpensNowhereElse) {
  CHECK(opens_at(place_));
  Place other = place_;
  other.purpose = Purpose::change;
  CHECK_FALSE(opens_at(other));
  other = place_;
  other.table = 2;
  CHECK_FALSE(opens_at(other));
  other = place_;
  other.tenant = "0neaa000002";
  CHECK_FALSE(opens_at(other));
  other = place_;
  const Bytes other_key(16, 0x12);
  other.row_key = other_key;
  CHECK_FALSE(opens_at(other));
  other = place_;
  other.version = 6;
  CHECK_FALSE(opens_at(other));
}

TEST(Envelope, DoesNotConfuseTheTenantWithTheRowKey) {
  const Bytes envelope = seal(*crypto_, entropy_, key_,
                              {.purpose = Purpose::record, .tenant = "ab", .row_key = {}}, {});
  const Bytes b = to_bytes("b");
  const auto content =
      open(*crypto_, key_, {.purpose = Purpose::record, .tenant = "a", .row_key = b}, envelope);
  CHECK_FALSE(content.has_value());
}

TEST(Envelope, NoticesEveryFlippedBit) {
  for (std::size_t bit = 0; bit < 8 * sealed_.size(); ++bit) {
    Bytes flipped = sealed_;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
    const auto content = open(*crypto_, key_, place_, flipped);
    CHECK_FALSE(content.has_value());
    CHECK(content.error().code == Errc::corrupt);
  }
}

TEST(Envelope, NoticesEveryTruncation) {
  for (std::size_t size = 0; size < sealed_.size(); ++size) {
    const auto content = open(*crypto_, key_, place_, berth::ByteView(sealed_).first(size));
    CHECK_FALSE(content.has_value());
    CHECK(content.error().code == Errc::corrupt);
  }
}

TEST(Envelope, DoesNotOpenWithAnotherKey) {
  const SealingKey other{3, entropy_.secret(berth::ports::kAesKeySize)};
  CHECK_FALSE(open(*crypto_, other, place_, sealed_).has_value());
}

TEST(Envelope, NamesItsKey) {
  const auto version = key_version_of(sealed_);
  CHECK(version.has_value());
  CHECK(*version == 3);
}

TEST(Envelope, NeverLooksTheSameTwice) {
  CHECK(seal(*crypto_, entropy_, key_, place_, to_bytes("content")) != sealed_);
}
