#include "tools/hub/config.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::hub_server;

namespace {

std::string with_policy(const std::string& policy) {
  return "database = \"hub.db\"\n[[hub]]\nhost_name = \"Hub-A\"\nport = 8443\n"
         "certificate_file = \"a.pem\"\nprivate_key_file = \"a.key\"\n" +
         policy;
}

constexpr const char* kPolicy =
    "[[hub.policy]]\nname = \"owner\"\nkey = \"AAECAwQFBgcICQoLDA0ODw==\"\n"
    "rights = [\"RegistryWrite\"]\n";

bool refused_for(const std::string& text, const std::string& word) {
  const auto config = parse_config(text, "hub.toml");
  return !config && config.error().reason.find(word) != std::string::npos;
}

}  // namespace

TEST_GROUP(HubConfig){};

TEST(HubConfig, ReadsAHubWithItsPolicy) {
  const auto config = parse_config(with_policy(kPolicy), "hub.toml");
  CHECK_TRUE(config.has_value());
  STRCMP_EQUAL("hub.db", config->database.c_str());
  LONGS_EQUAL(1, config->hubs.size());
  STRCMP_EQUAL("hub-a", config->hubs[0].host_name.c_str());
  STRCMP_EQUAL("127.0.0.1", config->hubs[0].address.c_str());
  LONGS_EQUAL(8443, config->hubs[0].port);
  LONGS_EQUAL(16, config->hubs[0].policies[0].key.size());
}

TEST(HubConfig, WantsAHub) {
  CHECK_TRUE(refused_for("database = \"hub.db\"\n", "hub"));
}

TEST(HubConfig, WantsAPolicy) {
  CHECK_TRUE(refused_for(with_policy(""), "policy"));
}

TEST(HubConfig, RefusesAKeyThatIsTooShort) {
  CHECK_TRUE(
      refused_for(with_policy("[[hub.policy]]\nname = \"o\"\nkey = \"AAECAwQFBgcICQoLDA0O\"\n"
                              "rights = [\"RegistryRead\"]\n"),
                  "key"));
}

TEST(HubConfig, RefusesARightThatIsNone) {
  CHECK_TRUE(
      refused_for(with_policy("[[hub.policy]]\nname = \"o\"\nkey = \"AAECAwQFBgcICQoLDA0ODw==\"\n"
                              "rights = [\"Everything\"]\n"),
                  "Everything"));
}

TEST(HubConfig, RefusesTwoHubsOfOneName) {
  const std::string one = with_policy(kPolicy);
  const std::string again = one.substr(one.find("[[hub]]"));
  CHECK_TRUE(refused_for(one + again, "another hub"));
}

TEST(HubConfig, RefusesTwoPoliciesOfOneName) {
  CHECK_TRUE(refused_for(with_policy(std::string(kPolicy) + kPolicy), "another policy"));
}

TEST(HubConfig, RefusesAMisspeltKey) {
  CHECK_TRUE(refused_for("databse = \"x\"\n" + with_policy(kPolicy), "databse"));
}
