#include "tools/cli/same_file.hpp"

#include <filesystem>
#include <fstream>

#include <CppUTest/TestHarness.h>

#include "tests/support/temporary_folder.hpp"

using namespace berth;
using namespace berth::cli;

TEST_GROUP(SameFile) {
  testing::TemporaryFolder folder;
  const std::string devices = folder.file("devices.csv");

  void setup() override {
    std::ofstream(devices) << "registrationId\n";
  }
};

TEST(SameFile, IsOneUnderEveryNameThatItHas) {
  CHECK_TRUE(is_same_file(devices, devices));
  CHECK_TRUE(is_same_file(folder.file("./devices.csv"), devices));
  CHECK_TRUE(is_same_file(std::filesystem::relative(devices).string(), devices));
  std::filesystem::create_symlink(devices, folder.file("link"));
  CHECK_TRUE(is_same_file(folder.file("link"), devices));
  std::filesystem::create_hard_link(devices, folder.file("hard"));
  CHECK_TRUE(is_same_file(folder.file("hard"), devices));
}

TEST(SameFile, IsAnotherWhereNamesAndPlacesDiffer) {
  std::ofstream(folder.file("other.csv")) << "registrationId\n";
  CHECK_FALSE(is_same_file(folder.file("other.csv"), devices));
  CHECK_FALSE(is_same_file(folder.file("none.csv"), devices));
}

TEST(SameFile, IsToldByItsNameBeforeItIsMade) {
  CHECK_TRUE(is_same_file(folder.file("new.csv"), folder.file("./new.csv")));
  CHECK_FALSE(is_same_file(folder.file("new.csv"), folder.file("newer.csv")));
}

TEST(SameFile, IsNotWrittenOver) {
  CHECK_TRUE(check_kept_apart("--report", folder.file("refused.csv"), devices).has_value());
  const auto refused = check_kept_apart("--report", folder.file("./devices.csv"), devices);
  CHECK_TRUE(refused.error().code == Errc::invalid);
  CHECK_TRUE(refused.error().reason.find("--report") != std::string::npos);
  CHECK_TRUE(refused.error().reason.find(devices) != std::string::npos);
}
