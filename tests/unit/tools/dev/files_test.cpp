#include "tools/dev/files.hpp"

#include <filesystem>

#include <CppUTest/TestHarness.h>

#include "tests/support/temporary_folder.hpp"

using namespace berth;
using dev::FileMode;
using std::filesystem::perms;

TEST_GROUP(DevFiles) {
  testing::TemporaryFolder folder_;

  static perms mode_of(const std::string& path) {
    return std::filesystem::status(path).permissions() & perms::mask;
  }
};

TEST(DevFiles, ReadsWhatWasWritten) {
  const std::string path = folder_.file("a");
  CHECK(dev::write_file(path, "one", FileMode::readable).has_value());
  CHECK(dev::write_file(path, "two\n", FileMode::readable).has_value());
  STRCMP_EQUAL("two\n", dev::read_file(path)->c_str());
  // Nothing is left beside it.
  LONGS_EQUAL(1, std::distance(std::filesystem::directory_iterator(folder_.path()), {}));
}

TEST(DevFiles, ASecretIsItsOwnersAlone) {
  CHECK(dev::write_file(folder_.file("key"), "k", FileMode::owner_only).has_value());
  CHECK(mode_of(folder_.file("key")) == (perms::owner_read | perms::owner_write));
}

TEST(DevFiles, SaysWhatCannotBeReadOrWritten) {
  CHECK(dev::read_file(folder_.file("none")).error().code == Errc::io);
  CHECK(dev::write_file(folder_.file("no/a"), "x", FileMode::readable).error().code == Errc::io);
}
