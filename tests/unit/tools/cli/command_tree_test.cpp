#include "tools/cli/command_tree.hpp"

#include <fstream>
#include <set>
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

// "berth hub link", and all others.
void add_commands(const CommandNode& node, const std::string& path, std::set<std::string>& to) {
  if (node.commands.empty()) to.insert(path);
  for (const CommandNode& below : node.commands) add_commands(below, path + " " + below.name, to);
}

// The table of docs/cli.md: commands of az, each with ours.
std::vector<std::pair<std::string, std::vector<std::string>>> az_table() {
  std::ifstream page(std::string(BERTH_SOURCE_DIR) + "/docs/cli.md");
  std::vector<std::pair<std::string, std::vector<std::string>>> rows;
  for (std::string line; std::getline(page, line);) {
    constexpr std::string_view kRow = "| `iot dps ";
    if (!line.starts_with(kRow)) continue;
    const std::size_t middle = line.find(" | ");
    std::vector<std::string> ours;
    for (std::size_t from = line.find('`', middle); from != std::string::npos;) {
      const std::size_t to = line.find('`', from + 1);
      ours.push_back(line.substr(from + 1, to - from - 1));
      from = line.find('`', to + 1);
    }
    const std::size_t end = line.find('`', kRow.size());
    rows.emplace_back(line.substr(3, end - 3), std::move(ours));
  }
  return rows;
}

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

TEST(CommandTree, HasACommandForEveryOneOfAz) {
  std::set<std::string> there;
  const CommandTree tree(dev());
  add_commands(tree.describe(), "berth", there);
  std::set<std::string> replaced;
  for (const auto& [az, ours] : az_table()) {
    replaced.insert(az);
    CHECK_FALSE_TEXT(ours.empty(), az.c_str());
    for (const std::string& command : ours) {
      CHECK_TRUE_TEXT(there.contains(command), command.c_str());
    }
  }
  // The command map (service API 4.5).
  const std::vector<std::pair<std::string, std::vector<std::string>>> groups{
      {"iot dps", {"list", "show", "create", "delete", "update"}},
      {"iot dps policy", {"list", "show", "create", "update", "delete"}},
      {"iot dps linked-hub", {"list", "show", "create", "update", "delete"}},
      {"iot dps certificate",
       {"list", "show", "create", "update", "delete", "generate-verification-code", "verify"}},
      {"iot dps enrollment", {"create", "list", "show", "update", "delete"}},
      {"iot dps enrollment registration", {"show", "delete"}},
      {"iot dps enrollment-group",
       {"create", "list", "show", "update", "delete", "compute-device-key"}},
      {"iot dps enrollment-group registration", {"list", "show", "delete"}},
      {"iot dps connection-string", {"show"}},
      {"iot dps registration", {"list", "show", "delete"}},
  };
  for (const auto& [group, verbs] : groups) {
    for (const std::string& verb : verbs) {
      const std::string az = group + " " + verb;
      CHECK_TRUE_TEXT(replaced.contains(az), az.c_str());
    }
  }
  CHECK(replaced.contains("iot dps compute-device-key"));
}

TEST(CommandTree, TakesTheOptionsOfEnrollmentsByTheirNamesInAz) {
  const CommandTree tree(dev());
  const CommandNode root = tree.describe();
  const auto options_of = [&](const std::string& noun, const std::string& verb) {
    std::set<std::string> found;
    for (const CommandNode& one : root.commands) {
      for (const CommandNode& below : one.commands) {
        if (one.name != noun || below.name != verb) continue;
        for (const CommandOption& option : below.options) {
          found.insert(option.names.begin(), option.names.end());
        }
      }
    }
    return found;
  };
  const std::string common =
      "--certificate-path --cp --secondary-certificate-path --scp --root-ca-name --cn "
      "--secondary-root-ca-name --scn --primary-key --pk --secondary-key --sk "
      "--initial-twin-tags --tags --initial-twin-properties --props --provisioning-status --ps "
      "--reprovision-policy --rp --allocation-policy --ap --iot-hubs --ih --webhook-url --wh "
      "--api-version --av --edge-enabled --ee";
  const std::string of_devices =
      "--attestation-type --at --endorsement-key --ek --device-id --device-information --info";
  const std::string of_updates =
      "--remove-certificate --rc --remove-secondary-certificate --rsc --etag";
  for (const char* noun : {"enrollment", "group"}) {
    for (const char* verb : {"create", "update"}) {
      const auto has = options_of(noun, verb);
      const auto check = [&](const std::string& wanted) {
        std::istringstream words(wanted);
        for (std::string name; words >> name;) CHECK_TRUE_TEXT(has.contains(name), name.c_str());
      };
      check(common);
      if (std::string(noun) == "enrollment") check(of_devices);
      if (std::string(verb) == "update") check(of_updates);
    }
  }
}

TEST(CommandTree, RefusesAnImportThatCannotBegin) {
  const char* login = "HostName=127.0.0.1:1;SharedAccessKeyName=a;SharedAccessKey=AQID";
  CHECK_EQUAL(kWrongUsage, run({"enrollment", "import"}));
  CHECK_EQUAL(kWrongUsage, run({"enrollment", "import", "f", "--mode", "merge"}));
  CHECK_EQUAL(kWrongUsage, run({"group", "export", "f", "--format", "xml"}));
  CHECK_EQUAL(kFailed, run({"group", "import", "/nonexistent/f.csv", "--login", login}));
  CHECK(err.str().find("/nonexistent/f.csv") != std::string::npos);
  CHECK_EQUAL(kWrongUsage, run({"group", "export", "-", "--resume", "--login", login}));
}

TEST(CommandTree, PrintsACompletionScriptOfItself) {
  CHECK_EQUAL(kDone, run({"completion", "bash"}));
  for (const char* part :
       {"'berth enrollment create'", "--attestation-type", "symmetricKey x509 tpm",
        "'berth gateway remove'", "'berth dev restart'",
        "'berth certificate generate-verification-code'", "'berth enrollment import'",
        "create upsert update update-if-match", "'berth group export'"}) {
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

TEST(CommandTree, ExplainsAndDryRunsOnlyWhatItCanRead) {
  const char* login = "HostName=127.0.0.1:1;SharedAccessKeyName=a;SharedAccessKey=AQID";
  CHECK_EQUAL(kWrongUsage, run({"registration", "explain"}));
  CHECK_EQUAL(kWrongUsage, run({"allocation", "dry-run", "--policy", "custom"}));
  CHECK_EQUAL(kWrongUsage, run({"allocation", "dry-run", "--weight", "hub-a", "--login", login}));
  CHECK(err.str().find("--weight takes NAME=VALUE") != std::string::npos);
  CHECK_EQUAL(kWrongUsage, run({"registration", "explain", "dev-1", "--latency", "hub-a=near",
                                "--login", login}));
  CHECK(out.str().empty());
}
