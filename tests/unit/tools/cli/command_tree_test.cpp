#include "tools/cli/command_tree.hpp"

#include <sstream>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::cli;

namespace {

// The first published vector of derived keys (device API 11, V1).
constexpr const char* kGroupKey =
    "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";

}  // namespace

TEST_GROUP(CommandTree) {
  std::ostringstream out;
  std::ostringstream err;
  std::vector<std::string> started;
  std::vector<std::string> controlled;

  DevCommands dev() {
    return {
        [this](const DevStartOptions& options) -> Result<void> {
          started.push_back(options.dir);
          return {};
        },
        [this](const std::string& dir, const std::vector<std::string>& command) -> Result<void> {
          controlled = command;
          controlled.insert(controlled.begin(), dir);
          return {};
        }};
  }
  int run(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "berth");
    CommandTree tree(dev());
    const auto ended = tree.parse(static_cast<int>(arguments.size()), arguments.data(), out, err);
    return ended ? *ended : tree.run(out, err);
  }
};

TEST(CommandTree, ExplainsItselfWithExamplesEverywhere) {
  const CommandTree tree(dev());
  const CommandNode root = tree.describe();
  CHECK(root.commands.size() >= 12);
  for (const CommandNode& noun : root.commands) {
    for (const CommandNode& verb : noun.commands) {
      out.str("");
      CHECK_EQUAL(kDone, run({noun.name.c_str(), verb.name.c_str(), "--help"}));
      const std::string label = noun.name + " " + verb.name;
      CHECK_TRUE_TEXT(out.str().find("berth " + noun.name) != std::string::npos ||
                          out.str().find("Examples:") != std::string::npos,
                      label.c_str());
      CHECK_TRUE_TEXT(out.str().find("Examples:") != std::string::npos, label.c_str());
    }
  }
}

TEST(CommandTree, ExplainsEachStepOfAKeyRollWithExamples) {
  for (const char* step : {"start", "status", "devices", "finish", "abort"}) {
    out.str("");
    CHECK_EQUAL(kDone, run({"key", "roll", step, "--help"}));
    CHECK_TRUE_TEXT(out.str().find(std::string("berth key roll ") + step) != std::string::npos,
                    step);
  }
}

TEST(CommandTree, TakesNoKeyRollWithoutAStepAnIdOrAKnownSlot) {
  CHECK_EQUAL(kWrongUsage, run({"key"}));
  CHECK_EQUAL(kWrongUsage, run({"key", "roll"}));
  CHECK_EQUAL(kWrongUsage, run({"key", "roll", "start"}));
  CHECK_EQUAL(kWrongUsage, run({"key", "roll", "start", "line", "--slot", "third"}));
  CHECK_EQUAL(kWrongUsage, run({"key", "roll", "devices", "line", "--uses", "both"}));
}

TEST(CommandTree, EndsWithTwoOnWrongUsage) {
  CHECK_EQUAL(kWrongUsage, run({}));
  CHECK_EQUAL(kWrongUsage, run({"nonsense"}));
  CHECK_EQUAL(kWrongUsage, run({"enrollment"}));
  CHECK_EQUAL(kWrongUsage, run({"enrollment", "show"}));
  CHECK_EQUAL(kWrongUsage, run({"enrollment", "list", "--output", "xml"}));
  CHECK_EQUAL(kWrongUsage, run({"group", "create", "g", "--allocation-policy", "fastest"}));
  CHECK_EQUAL(kWrongUsage, run({"enrollment", "list", "--login", "nonsense"}));
  CHECK_EQUAL(kWrongUsage, run({"certificate", "create", "root"}));
  CHECK_EQUAL(kWrongUsage, run({"certificate", "verify", "root"}));
  CHECK(out.str().empty());
}

TEST(CommandTree, EndsWithOneWhenTheCoordinatorIsOutOfReach) {
  // Nothing listens on port 1.
  CHECK_EQUAL(kFailed, run({"enrollment", "list", "--login",
                            "HostName=127.0.0.1:1;SharedAccessKeyName=a;SharedAccessKey=AQID"}));
  CHECK(err.str().find("127.0.0.1:1") != std::string::npos);
}

TEST(CommandTree, DerivesADeviceKeyWithoutALogin) {
  CHECK_EQUAL(kDone, run({"group", "compute-device-key", "--key", kGroupKey, "--registration-id",
                          "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"}));
  STRCMP_EQUAL("Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=\n", out.str().c_str());
}

TEST(CommandTree, PrintsACompletionScriptOfItself) {
  CHECK_EQUAL(kDone, run({"completion", "bash"}));
  for (const char* part : {"'berth enrollment create'", "--attestation-type",
                           "symmetricKey x509 tpm", "'berth gateway remove'", "'berth dev restart'",
                           "'berth certificate generate-verification-code'"}) {
    CHECK_TRUE_TEXT(out.str().find(part) != std::string::npos, part);
  }
}

TEST(CommandTree, StartsAndControlsADevelopmentInstallation) {
  CHECK_EQUAL(kDone, run({"dev", "--dir", "/tmp/d", "--standard-ports"}));
  CHECK_EQUAL(1U, started.size());
  STRCMP_EQUAL("/tmp/d", started[0].c_str());
  CHECK_EQUAL(kDone, run({"dev", "restart", "--dir", "/tmp/d", "gateway"}));
  CHECK(controlled == (std::vector<std::string>{"/tmp/d", "restart", "gateway"}));
  CHECK_EQUAL(kWrongUsage, run({"dev", "restart", "--dir", "/tmp/d", "nothing"}));
  CHECK_EQUAL(kWrongUsage, run({"dev"}));
}
