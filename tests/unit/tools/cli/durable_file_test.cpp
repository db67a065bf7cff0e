#include "tools/cli/durable_file.hpp"

#include <filesystem>
#include <string>

#include <CppUTest/TestHarness.h>

#include "tests/support/temporary_folder.hpp"
#include "tools/cli/requests.hpp"

using namespace berth;
using namespace berth::cli;

TEST_GROUP(DurableFile) {
  testing::TemporaryFolder folder;
  const std::string path = folder.file("records");

  void write(std::uint64_t size, const std::string& text) {
    auto file = DurableFile::open(path, size, DurableFile::Access::readable);
    CHECK(file.has_value());
    CHECK(file->append(text).has_value());
    CHECK(file->sync().has_value());
    CHECK_EQUAL(size + text.size(), file->size());
  }
  std::string content() const {
    return *read_file(path, 1024);
  }
};

TEST(DurableFile, GoesOnBehindWhatIsKept) {
  write(0, "one two");
  write(3, " three");
  STRCMP_EQUAL("one three", content().c_str());
}

TEST(DurableFile, BeginsAnew) {
  write(0, "one two");
  write(0, "1");
  STRCMP_EQUAL("1", content().c_str());
}

TEST(DurableFile, RefusesToKeepMoreThanThereIs) {
  write(0, "one");
  const auto file = DurableFile::open(path, 4, DurableFile::Access::readable);
  CHECK(file.error().code == Errc::corrupt);
}

TEST(DurableFile, KeepsSecretsFromOthersThoughTheFileWasReadable) {
  write(0, "one");
  const auto file = DurableFile::open(path, 0, DurableFile::Access::owner_only);
  CHECK(file.has_value());
  CHECK(std::filesystem::status(path).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST(DurableFile, ReplacesAFileWhole) {
  write(0, "one two three");
  CHECK(replace_file(path, "four").has_value());
  STRCMP_EQUAL("four", content().c_str());
  CHECK_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(DurableFile, NamesAFileThatCannotBeWritten) {
  const auto file = DurableFile::open(folder.file("none/file"), 0, DurableFile::Access::readable);
  CHECK(file.error().code == Errc::io);
  CHECK(file.error().reason.find("none/file") != std::string::npos);
}
