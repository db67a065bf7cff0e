#include "shared/config/server_options.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using config::ServerOptions;

TEST_GROUP(ServerOptions) {
  const config::ServerProgram program{"berth-x", "Does x.", ""};
  ServerOptions options;

  std::optional<int> parse(const std::vector<const char*>& words) {
    std::vector<const char*> argv{"berth-x"};
    argv.insert(argv.end(), words.begin(), words.end());
    return config::parse_server_options(program, static_cast<int>(argv.size()), argv.data(),
                                        options);
  }
};

TEST(ServerOptions, TakesTheFileOfItsOwnNameByDefault) {
  CHECK_FALSE(parse({}).has_value());
  CHECK(options.config_file == "/etc/berth/berth-x.toml");
  CHECK(options.log_format == "auto");
  CHECK_FALSE(options.check_config);
}

TEST(ServerOptions, ReadsEveryOption) {
  CHECK_FALSE(parse({"--config", "y.toml", "--check-config", "--log-format", "json"}).has_value());
  CHECK(options.config_file == "y.toml");
  CHECK(options.log_format == "json");
  CHECK(options.check_config);
}

TEST(ServerOptions, EndsWithTwoOnWrongUsageAndWithZeroOnHelp) {
  LONGS_EQUAL(config::kWrongUsage, *parse({"--log-format", "xml"}));
  LONGS_EQUAL(config::kWrongUsage, *parse({"--no-such-option"}));
  LONGS_EQUAL(config::kDone, *parse({"--help"}));
}

TEST(ServerOptions, CheckingTheConfigurationEndsTheProgram) {
  options.check_config = true;
  LONGS_EQUAL(config::kDone, *config::end_after_config(program, options, {}));
  LONGS_EQUAL(config::kWrongUsage,
              *config::end_after_config(program, options, Error{Errc::invalid, "bad"}));
  options.check_config = false;
  CHECK_FALSE(config::end_after_config(program, options, {}).has_value());
}
