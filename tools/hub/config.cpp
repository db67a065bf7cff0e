#include "tools/hub/config.hpp"

#include <set>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/config/config_file.hpp"

namespace berth::hub_server {
namespace {

constexpr std::size_t kMinPolicyKey = 16;
constexpr std::int64_t kDefaultMaxDevices = 1000000;

Policy read_policy(const config::Section& section) {
  Policy policy;
  policy.name = section.text("name");
  auto key = from_base64(section.text("key"));
  if (!key || key->size() < kMinPolicyKey) {
    section.refuse("key", "must be base64 of at least " + std::to_string(kMinPolicyKey) + " bytes");
  } else {
    policy.key = SecretBytes(std::move(*key));
  }
  for (const std::string& name : section.texts("rights")) {
    const auto right = parse_right(name);
    if (right) {
      policy.rights.push_back(*right);
    } else {
      section.refuse("rights", "has no right named " + name);
    }
  }
  if (policy.rights.empty()) section.refuse("rights", "must name at least one right");
  return policy;
}

HubConfig read_hub(const config::Section& section) {
  HubConfig hub;
  hub.host_name = to_lower(section.text("host_name"));
  hub.address = section.text("address", "127.0.0.1");
  hub.port = section.port("port", 443);
  hub.certificate_file = section.text("certificate_file");
  hub.private_key_file = section.text("private_key_file");
  hub.max_devices = static_cast<std::size_t>(
      section.integer("max_devices", kDefaultMaxDevices, 1, kDefaultMaxDevices));
  std::set<std::string> names;
  for (const config::Section& policy : section.sections("policy")) {
    hub.policies.push_back(read_policy(policy));
    if (!names.insert(hub.policies.back().name).second) {
      policy.refuse("name", "is the name of another policy too");
    }
  }
  if (hub.policies.empty()) section.refuse("policy", "must be there at least once");
  return hub;
}

Result<Config> read(const config::ConfigFile& file) {
  const config::Section root = file.root();
  Config config;
  config.database = root.text("database");
  const std::string level = root.section("log").text("level", "info");
  if (const auto parsed = runtime::parse_log_level(level)) {
    config.log_level = *parsed;
  } else {
    root.section("log").refuse("level", "must be debug, info, warning or error");
  }
  const config::Section management = root.section("management");
  config.management_address = management.text("address", "127.0.0.1");
  config.management_port = management.port("port", 0);
  std::set<std::string> names;
  for (const config::Section& hub : root.sections("hub")) {
    config.hubs.push_back(read_hub(hub));
    if (!names.insert(config.hubs.back().host_name).second) {
      hub.refuse("host_name", "is the name of another hub too");
    }
  }
  if (config.hubs.empty()) root.refuse("hub", "must be there at least once");
  const auto checked = file.check();
  if (!checked) return checked.error();
  return config;
}

}  // namespace

Result<Config> load_config(const std::string& path) {
  const auto file = config::ConfigFile::load(path);
  if (!file) return file.error();
  return read(*file);
}

Result<Config> parse_config(const std::string& text, const std::string& name) {
  const auto file = config::ConfigFile::parse(text, name);
  if (!file) return file.error();
  return read(*file);
}

}  // namespace berth::hub_server
