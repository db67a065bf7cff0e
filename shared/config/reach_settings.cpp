#include "shared/config/reach_settings.hpp"

namespace berth::config {

ReachSettings read_reach(const Section& section, const ReachSettings& defaults) {
  ReachSettings settings;
  settings.private_networks = section.flag("allow_private", defaults.private_networks);
  settings.loopback = section.flag("allow_loopback", defaults.loopback);
  for (const std::string& text : section.texts("allow")) {
    const auto block = AddressBlock::parse(text);
    if (block) {
      settings.allowed.push_back(*block);
    } else {
      section.refuse("allow", block.error().reason);
    }
  }
  return settings;
}

}  // namespace berth::config
