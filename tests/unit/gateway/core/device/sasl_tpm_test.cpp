#include "gateway/core/device/sasl_tpm.hpp"

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/evidence.hpp"

using namespace berth;
using namespace berth::gateway;
using Step = SaslTpm::Step;

namespace {

// Device API 11, V10: the parts of the initial response.
const std::string kScope = "0ne00LAB001";
const std::string kId = "v4sre63nedigmdrxnp56tqmqmj64xqiarkkinldlhvn2u6sv5i2a";

Bytes init(const std::string& key) {
  return to_bytes(std::string("\0", 1) + kScope + std::string("\0", 1) + kId +
                  std::string("\0", 1) + key);
}
Bytes response(const std::string& text) {
  return to_bytes(std::string("\0", 1) + text);
}

}  // namespace

TEST_GROUP(SaslTpm) {
  SaslTpm tpm;

  void show_keys() {
    // The key begins with zero bytes and holds more: only the first three are separators.
    CHECK_TRUE(tpm.on_init(init(std::string("\x01\x3a\0\x01", 4))).has_value());
    const auto step = tpm.on_response(response("srk"));
    CHECK_TRUE(step.has_value());
    CHECK_TRUE(*step == Step::needs_challenge);
  }
};

TEST(SaslTpm, ReadsTheNamesAndTheKeys) {
  show_keys();
  STRCMP_EQUAL(kScope.c_str(), tpm.id_scope().c_str());
  STRCMP_EQUAL(kId.c_str(), tpm.registration_id().c_str());
  STRCMP_EQUAL("013a0001", to_hex(tpm.keys().endorsement_key).c_str());
  CHECK_TRUE(as_text(tpm.keys().storage_root_key) == "srk");
}

// docs/attestation/tpm.md: each certificate behind the key, with its size in front.
TEST(SaslTpm, ReadsTheCertificatesBehindTheRootKey) {
  CHECK_TRUE(tpm.on_init(init("ek")).has_value());
  CHECK_TRUE(tpm.on_response(response(std::string("\0\3srk\0\2c1\0\1d", 12))).has_value());
  CHECK_TRUE(tpm.keys().storage_root_key == to_bytes(std::string("\0\3srk", 5)));
  LONGS_EQUAL(2, tpm.keys().certificates.size());
  CHECK_TRUE(as_text(tpm.keys().certificates.front()) == "c1");
  CHECK_TRUE(as_text(tpm.keys().certificates.back()) == "d");
}

TEST(SaslTpm, RefusesWhatIsNoCertificateBehindTheRootKey) {
  CHECK_TRUE(tpm.on_init(init("ek")).has_value());
  CHECK_FALSE(tpm.on_response(response(std::string("\0\3srk\0\5cut", 10))).has_value());
}

TEST(SaslTpm, LimitsTheCertificates) {
  std::string shown("\0\3srk", 5);
  for (std::size_t i = 0; i < domain::kMaxTpmCertificates; ++i) shown += std::string("\0\1c", 3);
  CHECK_TRUE(tpm.on_init(init("ek")).has_value());
  SaslTpm other = tpm;
  CHECK_TRUE(tpm.on_response(response(shown)).has_value());
  CHECK_FALSE(other.on_response(response(shown + std::string("\0\1c", 3))).has_value());
}

// Java takes exactly `80` and then exactly `C1` (device API 3.4).
TEST(SaslTpm, CutsTheChallengeIntoTwoSegments) {
  show_keys();
  Bytes challenge(793);
  for (std::size_t i = 0; i < challenge.size(); ++i) {
    challenge[i] = static_cast<std::uint8_t>(i);
  }
  CHECK_TRUE(tpm.on_challenge(challenge).has_value());
  const Bytes first = tpm.take_segment();
  LONGS_EQUAL(0x80, first.front());
  LONGS_EQUAL(1 + kMaxTpmSegment, first.size());
  const auto acknowledged = tpm.on_response(response(""));
  CHECK_TRUE(acknowledged.has_value());
  CHECK_TRUE(*acknowledged == Step::send_segment);
  const Bytes second = tpm.take_segment();
  LONGS_EQUAL(0xC1, second.front());
  Bytes joined(first.begin() + 1, first.end());
  joined.insert(joined.end(), second.begin() + 1, second.end());
  CHECK_TRUE(joined == challenge);
}

TEST(SaslTpm, SendsTwoSegmentsOfAShortChallengeToo) {
  show_keys();
  CHECK_TRUE(tpm.on_challenge(as_bytes("short")).has_value());
  CHECK_TRUE(as_text(tpm.take_segment()) == "\x80short");
  CHECK_TRUE(*tpm.on_response({}) == Step::send_segment);
  CHECK_TRUE(as_text(tpm.take_segment()) == "\xC1");
}

TEST(SaslTpm, BoundsTheChallenge) {
  show_keys();
  const auto refused = tpm.on_challenge(Bytes(kMaxTpmChallenge + 1));
  CHECK_FALSE(refused.has_value());
  CHECK_TRUE(refused.error().code == Errc::too_large);
  CHECK_TRUE(tpm.on_challenge(Bytes(kMaxTpmChallenge)).has_value());
  LONGS_EQUAL(1 + kMaxTpmSegment, tpm.take_segment().size());
  CHECK_TRUE(tpm.on_response({}).has_value());
  LONGS_EQUAL(1 + kMaxTpmSegment, tpm.take_segment().size());
}

TEST(SaslTpm, GivesTheToken) {
  show_keys();
  CHECK_TRUE(tpm.on_challenge(as_bytes("blob")).has_value());
  CHECK_TRUE(tpm.on_response({}).has_value());
  const auto done = tpm.on_response(response("SharedAccessSignature sr=x"));
  CHECK_TRUE(done.has_value());
  CHECK_TRUE(*done == Step::done);
  CHECK_TRUE(as_text(tpm.take_token().reveal()) == "SharedAccessSignature sr=x");
  CHECK_FALSE(tpm.on_response(response("more")).has_value());
}

TEST(SaslTpm, RefusesAnInitialResponseThatDoesNotParse) {
  const std::string zero("\0", 1);
  for (const std::string& text :
       {std::string(), zero, zero + "scope", zero + "scope" + zero + "id",
        zero + "scope" + zero + "id" + zero, zero + zero + "id" + zero + "ek",
        zero + "scope" + zero + zero + "ek", "x" + zero + "scope" + zero + "id" + zero + "ek"}) {
    SaslTpm one;
    CHECK_FALSE(one.on_init(to_bytes(text)).has_value());
  }
}

TEST(SaslTpm, RefusesResponsesOutOfTheirOrder) {
  CHECK_FALSE(tpm.on_response(response("srk")).has_value());
  CHECK_FALSE(tpm.on_challenge(as_bytes("blob")).has_value());
  show_keys();
  CHECK_FALSE(tpm.on_response(response("again")).has_value());
  CHECK_FALSE(tpm.on_init(init("ek")).has_value());
}

TEST(SaslTpm, RefusesAResponseWithoutItsZeroByte) {
  CHECK_TRUE(tpm.on_init(init("ek")).has_value());
  CHECK_FALSE(tpm.on_response(as_bytes("srk")).has_value());
  CHECK_FALSE(tpm.on_response({}).has_value());
  CHECK_FALSE(tpm.on_response(response("")).has_value());
}
