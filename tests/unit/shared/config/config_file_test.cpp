#include "shared/config/config_file.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using config::ConfigFile;

TEST_GROUP(ConfigFile){
    static std::string problems(const std::string& text, void (*read)(const config::Section&)){
        const auto file = ConfigFile::parse(text, "x.toml");
CHECK(file.has_value());
read(file->root());
const auto checked = file->check();
return checked ? "" : checked.error().reason;
}
}
;

TEST(ConfigFile, ReadsEveryKindOfValue) {
  const auto file = ConfigFile::parse(
      "name = \"a\"\ncount = 3\non = true\nlist = [\"x\", \"y\"]\n[inner]\nport = 443\n"
      "[[hub]]\nname = \"h1\"\n[[hub]]\nname = \"h2\"\n",
      "x.toml");
  CHECK(file.has_value());
  const auto root = file->root();
  CHECK(root.text("name") == "a");
  CHECK(root.integer("count", 0, 0, 9) == 3);
  CHECK(root.flag("on", false));
  CHECK(root.texts("list") == (std::vector<std::string>{"x", "y"}));
  CHECK(root.section("inner").port("port", 1) == 443);
  CHECK(root.sections("hub").size() == 2);
  CHECK(root.sections("hub")[0].text("name") == "h1");
  CHECK(root.sections("hub")[1].text("name") == "h2");
  CHECK(file->check().has_value());
}

TEST(ConfigFile, AbsentKeysReadAsTheirDefaults) {
  const auto file = ConfigFile::parse("", "x.toml");
  const auto root = file->root();
  CHECK(root.text("name", "b") == "b");
  CHECK(root.section("inner").port("port", 8883) == 8883);
  CHECK(root.sections("hub").empty());
  CHECK(file->check().has_value());
}

TEST(ConfigFile, NamesFileLineKeyAndReasonOfEveryProblem) {
  const std::string text =
      problems("count = 10\n[inner]\nport = 70000\n", [](const config::Section& root) {
        (void)root.integer("count", 0, 0, 9);
        (void)root.section("inner").port("port", 1);
        (void)root.text("name");
      });
  CHECK(text ==
        "x.toml, line 1: count: must be a whole number from 0 to 9\n"
        "x.toml, line 3: inner.port: must be a whole number from 0 to 65535\n"
        "x.toml, line 1: name: is missing");
}

TEST(ConfigFile, RefusesKeysThatNobodyAskedFor) {
  const std::string text = problems("[inner]\nprot = 1\n", [](const config::Section& root) {
    (void)root.section("inner").port("port", 1);
  });
  CHECK(text == "x.toml, line 2: inner.prot: there is no such key");
}

TEST(ConfigFile, SaysThatAFileIsMissing) {
  const auto file = ConfigFile::load("/nonexistent/x.toml");
  CHECK(file.error().code == Errc::io);
}

TEST(ConfigFile, SaysThatATextIsNotToml) {
  CHECK(ConfigFile::parse("a = = 1", "x.toml").error().code == Errc::malformed);
}
