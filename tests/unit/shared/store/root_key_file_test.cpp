#include "shared/store/root_key_file.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <sys/stat.h>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/fake_key_sealer.hpp"
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

TEST(RootKeyFile, IsNotMadeBesideASealedOne) {
  std::ofstream(path_ + ".tpm") << "sealed";
  CHECK(refusal().find("berth root-key unseal") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(path_));
}

TEST_GROUP(SealedRootKeyFile) {
  berth::testing::TemporaryFolder folder_;
  berth::testing::FakeEntropy entropy_;
  berth::testing::FakeKeySealer sealer_;
  std::unique_ptr<berth::ports::Crypto> crypto_ = berth::crypto::make_mbedtls_crypto();
  std::string home_ = std::filesystem::path(folder_.file("root.key")).parent_path();
  std::string open_ = folder_.file("root.key");
  std::string sealed_ = folder_.file("root.key.tpm");

  Result<RootKey> create() {
    return berth::store::create_sealed_root_key(home_, *crypto_, entropy_, sealer_);
  }
  Result<RootKey> read() {
    return berth::store::open_sealed_root_key(home_, *crypto_, sealer_);
  }
  Result<RootKey> seal() {
    return berth::store::seal_root_key(home_, *crypto_, sealer_);
  }
  Result<RootKey> unseal() {
    return berth::store::unseal_root_key(home_, *crypto_, sealer_);
  }
  Result<RootKey> recover(const std::string& text) {
    return berth::store::recover_root_key(home_, text, *crypto_, sealer_);
  }
  Result<RootKey> open() {
    return open_root_key(open_, folder_.file("store.db"), *crypto_, entropy_);
  }
  std::string recovery_key(const RootKey& key) {
    return std::string(berth::as_text(berth::vault::write_root_key(*crypto_, key).reveal()));
  }
  bool is_there(const std::string& path) {
    return std::filesystem::exists(path);
  }
  void refused(const Result<RootKey>& key, Errc code, const std::string& word) {
    CHECK_FALSE(key.has_value());
    CHECK(key.error().code == code);
    CHECK(key.error().reason.find(word) != std::string::npos);
  }
};

TEST(SealedRootKeyFile, IsMadeForItsOwnerOnlyAndComesBack) {
  const auto made = create();
  CHECK(made.has_value());
  CHECK_FALSE(is_there(open_));
  struct stat status {};
  CHECK(::stat(sealed_.c_str(), &status) == 0);
  CHECK_EQUAL(0600U, status.st_mode & 0777U);
  const auto key = read();
  CHECK(key.has_value());
  CHECK(key->bytes == made->bytes);
}

TEST(SealedRootKeyFile, IsNotMadeWhereAKeyIs) {
  CHECK(create().has_value());
  refused(create(), Errc::conflict, sealed_);
  CHECK(unseal().has_value());
  refused(create(), Errc::conflict, open_);
}

TEST(SealedRootKeyFile, IsMissedWithTheWayToMakeIt) {
  refused(read(), Errc::wrong_key, "berth root-key create");
}

TEST(SealedRootKeyFile, IsNotReadWhileTheKeyLiesOpen) {
  CHECK(open().has_value());
  refused(read(), Errc::wrong_key, "berth root-key seal");
}

TEST(SealedRootKeyFile, MovesThereAndBackWithTheSameKey) {
  const auto first = open();
  const auto sealed = seal();
  CHECK(sealed.has_value());
  CHECK(sealed->bytes == first->bytes);
  CHECK_FALSE(is_there(open_));
  CHECK(read()->bytes == first->bytes);
  CHECK(unseal()->bytes == first->bytes);
  CHECK_FALSE(is_there(sealed_));
  CHECK(open()->bytes == first->bytes);
}

TEST(SealedRootKeyFile, FinishesAMoveThatWasCutOff) {
  const auto first = open();
  std::filesystem::copy_file(open_, folder_.file("kept"));
  CHECK(seal().has_value());
  // The crash came before the open key was destroyed.
  std::filesystem::copy_file(folder_.file("kept"), open_);
  CHECK(seal()->bytes == first->bytes);
  CHECK_FALSE(is_there(open_));

  std::filesystem::copy_file(folder_.file("kept"), open_);
  CHECK(unseal()->bytes == first->bytes);
  CHECK_FALSE(is_there(sealed_));
  CHECK(is_there(open_));
}

TEST(SealedRootKeyFile, DestroysNeitherOfTwoDifferentKeys) {
  CHECK(open().has_value());
  std::filesystem::rename(open_, folder_.file("other"));
  CHECK(create().has_value());
  std::filesystem::rename(folder_.file("other"), open_);
  refused(seal(), Errc::conflict, "different keys");
  refused(unseal(), Errc::conflict, "different keys");
  CHECK(is_there(open_));
  CHECK(is_there(sealed_));
}

TEST(SealedRootKeyFile, KeepsTheOpenKeyWhenTheTpmFails) {
  const auto first = open();
  sealer_.failure = berth::Error{Errc::io, "no answer"};
  for (int failing : {1, 2}) {
    sealer_.failing_calls = failing;
    refused(seal(), Errc::io, "no answer");
    sealer_.failing_calls = 0;
    CHECK(open()->bytes == first->bytes);
  }
}

TEST(SealedRootKeyFile, HasNothingToMoveWhereThereIsNoKey) {
  refused(seal(), Errc::not_found, open_);
  refused(unseal(), Errc::not_found, sealed_);
}

TEST(SealedRootKeyFile, OfAnotherMachineOpensWithItsRecoveryKeyOnly) {
  const auto made = create();
  const std::string text = recovery_key(*made);
  sealer_.machine = 2;
  refused(read(), Errc::wrong_key, "berth root-key recover");
  std::string wrong = text;
  wrong[30] = wrong[30] == 'a' ? 'b' : 'a';
  refused(recover(wrong), Errc::wrong_key, "recovery key");
  refused(recover(""), Errc::wrong_key, "recovery key");
  const auto recovered = recover(text);
  CHECK(recovered.has_value());
  CHECK(recovered->bytes == made->bytes);
  CHECK(read()->bytes == made->bytes);
}

TEST(SealedRootKeyFile, IsNotRecoveredOverAnOpenKey) {
  const auto key = open();
  refused(recover(recovery_key(*key)), Errc::conflict, open_);
}

TEST(SealedRootKeyFile, IsRefusedWhenOthersCanReadIt) {
  CHECK(create().has_value());
  CHECK(::chmod(sealed_.c_str(), 0644) == 0);
  refused(read(), Errc::wrong_key, "chmod 600");
}
