#include "shared/store/root_key_file.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <sys/stat.h>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/temporary_folder.hpp"

using berth::Errc;
using berth::Result;
using berth::store::open_root_key;
using berth::vault::RootKey;

TEST_GROUP(RootKeyFile) {
  berth::testing::TemporaryFolder folder_;
  berth::testing::FakeEntropy entropy_;
  std::unique_ptr<berth::ports::Crypto> crypto_ = berth::crypto::make_mbedtls_crypto();
  std::string path_ = folder_.file("root.key");
  std::string database_ = folder_.file("store.db");

  Result<RootKey> open() {
    return open_root_key(path_, database_, *crypto_, entropy_);
  }

  RootKey opened() {
    auto key = open();
    CHECK(key.has_value());
    return *key;
  }
  std::string refusal() {
    const auto key = open();
    CHECK_FALSE(key.has_value());
    CHECK(key.error().code == Errc::wrong_key);
    CHECK(key.error().reason.find(path_) != std::string::npos);
    return key.error().reason;
  }
};

TEST(RootKeyFile, IsMadeForItsOwnerOnlyWhereNothingIs) {
  opened();
  struct stat status {};
  CHECK(::stat(path_.c_str(), &status) == 0);
  CHECK_EQUAL(0600U, status.st_mode & 0777U);
  CHECK_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST(RootKeyFile, GivesTheSameKeyEachTime) {
  const RootKey key = opened();
  CHECK(opened().bytes == key.bytes);
  CHECK(opened().origin == path_);
  std::ofstream(database_) << "x";
  CHECK(opened().bytes == key.bytes);
}

TEST(RootKeyFile, IsNotMadeWhereADatabaseIs) {
  std::ofstream(database_) << "x";
  CHECK(refusal().find(database_) != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(path_));
}

TEST(RootKeyFile, IsRefusedWhenOthersCanReadIt) {
  opened();
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U}) {
    CHECK(::chmod(path_.c_str(), mode) == 0);
    CHECK(refusal().find("chmod 600") != std::string::npos);
  }
  CHECK(::chmod(path_.c_str(), 0400) == 0);
  CHECK(open().has_value());
}

TEST(RootKeyFile, IsRefusedWhenItIsDamaged) {
  opened();
  std::filesystem::resize_file(path_, 40);
  refusal();
  std::filesystem::resize_file(path_, 0);
  refusal();
  std::filesystem::resize_file(path_, 100'000);
  refusal();
}

TEST(RootKeyFile, IsRefusedWhenItIsAFolder) {
  std::filesystem::create_directory(path_);
  CHECK(::chmod(path_.c_str(), 0700) == 0);
  refusal();
}

TEST(RootKeyFile, IsMadeAfterAStartThatWasCutOff) {
  std::ofstream(path_ + ".new") << "half";
  opened();
  CHECK_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST(RootKeyFile, SaysIoWhereItsFolderIsMissing) {
  path_ = folder_.file("missing/root.key");
  const auto key = open();
  CHECK_FALSE(key.has_value());
  CHECK(key.error().code == Errc::io);
}
