#include "shared/vault/root_key.hpp"

#include <memory>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/fake_key_sealer.hpp"

using berth::Errc;
using namespace berth::vault;

TEST_GROUP(RootKey) {
  std::unique_ptr<berth::ports::Crypto> crypto_ = berth::crypto::make_mbedtls_crypto();
  berth::testing::FakeEntropy entropy_;
  RootKey key_{entropy_.secret(kRootKeySize), "the test"};
  std::string text_ = std::string(berth::as_text(write_root_key(*crypto_, key_).reveal()));
};

TEST(RootKey, ReadsWhatItWrote) {
  const auto read = read_root_key(*crypto_, text_, "root.key");
  CHECK(read.has_value());
  CHECK(read->bytes == key_.bytes);
  CHECK(read->origin == "root.key");
}

TEST(RootKey, IsRecognisedByItsCheckValue) {
  const RootKey other{entropy_.secret(kRootKeySize), "another"};
  CHECK(check_value(*crypto_, key_) == check_value(*crypto_, key_));
  CHECK(check_value(*crypto_, key_) != check_value(*crypto_, other));
}

TEST(RootKey, RefusesATextThatIsCutShort) {
  for (std::size_t size = 0; size < text_.size(); ++size) {
    const auto read = read_root_key(*crypto_, text_.substr(0, size), "root.key");
    CHECK_FALSE(read.has_value());
    CHECK(read.error().code == Errc::wrong_key);
  }
  CHECK_FALSE(read_root_key(*crypto_, text_ + "\n", "root.key").has_value());
}

TEST(RootKey, RefusesEveryChangedCharacterAndNamesTheFile) {
  for (std::size_t i = 0; i < text_.size(); ++i) {
    std::string changed = text_;
    changed[i] = changed[i] == '0' ? '1' : '0';
    const auto read = read_root_key(*crypto_, changed, "/var/lib/root.key");
    CHECK_FALSE(read.has_value());
    CHECK(read.error().code == Errc::wrong_key);
    CHECK(read.error().reason.find("/var/lib/root.key") != std::string::npos);
  }
}

TEST_GROUP(SealedRootKey) {
  std::unique_ptr<berth::ports::Crypto> crypto_ = berth::crypto::make_mbedtls_crypto();
  berth::testing::FakeEntropy entropy_;
  berth::testing::FakeKeySealer sealer_;
  RootKey key_{entropy_.secret(kRootKeySize), "the test"};
  std::string text_ = write_sealed_root_key(*crypto_, key_, *sealer_.seal(key_.bytes));

  berth::Result<RootKey> read(const std::string& text) {
    return read_sealed_root_key(*crypto_, sealer_, text, "/var/lib/root.key.tpm");
  }
};

TEST(SealedRootKey, ReadsWhatItWrote) {
  const auto key = read(text_);
  CHECK(key.has_value());
  CHECK(key->bytes == key_.bytes);
  CHECK(key->origin == "/var/lib/root.key.tpm");
}

TEST(SealedRootKey, DoesNotShowTheKey) {
  CHECK(text_.find(berth::to_hex(key_.bytes.reveal())) == std::string::npos);
}

TEST(SealedRootKey, RefusesATextThatIsCutShortOrTooLong) {
  for (std::size_t size = 0; size < text_.size(); ++size) {
    CHECK_FALSE(read(text_.substr(0, size)).has_value());
  }
  CHECK_FALSE(read(text_ + "\n").has_value());
  CHECK_FALSE(read(std::string(100'000, 'a')).has_value());
}

TEST(SealedRootKey, RefusesEveryChangedCharacterAndNamesTheFile) {
  for (std::size_t i = 0; i < text_.size(); ++i) {
    std::string changed = text_;
    changed[i] = changed[i] == '0' ? '1' : '0';
    const auto key = read(changed);
    CHECK_FALSE(key.has_value());
    CHECK(key.error().code == Errc::wrong_key);
    CHECK(key.error().reason.find("/var/lib/root.key.tpm") != std::string::npos);
  }
}

TEST(SealedRootKey, OfAnotherMachineIsRefusedWithTheWayToRecoverIt) {
  sealer_.machine = 2;
  const auto key = read(text_);
  CHECK_FALSE(key.has_value());
  CHECK(key.error().code == Errc::wrong_key);
  CHECK(key.error().reason.find("berth root-key recover") != std::string::npos);
}
