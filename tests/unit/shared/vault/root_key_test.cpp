#include "shared/vault/root_key.hpp"

#include <memory>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "tests/support/fake_entropy.hpp"

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
