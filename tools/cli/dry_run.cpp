#include "tools/cli/dry_run.hpp"

#include <cmath>
#include <sstream>
#include <utility>

#include "shared/json/json_text.hpp"
#include "tools/cli/named_values.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kMaxLine = 4096;
constexpr std::size_t kMaxLineDepth = 4;
constexpr std::uint64_t kMaxCount = 1ULL << 53U;
constexpr double kMaxWeight = 1000;

Error strange() {
  return Error{Errc::malformed, "the coordinator's answer is no page of a dry run"};
}

Result<bj::object> weighted_hub(const std::string& option, const std::string& text) {
  const auto named = read_named(option, text);
  if (!named) return named.error();
  const auto weight = read_number(option, named->value);
  if (!weight) return weight.error();
  if (!(*weight >= 1 && *weight <= kMaxWeight) || *weight != std::floor(*weight)) {
    return Error{Errc::invalid, option + ": a weight is a whole number from 1 to 1000"};
  }
  return bj::object{{"hostName", named->name},
                    {"allocationWeight", static_cast<std::int64_t>(*weight)}};
}

Result<void> add_hubs(const DryRunOptions& options, bj::object& body) {
  bj::array hubs;
  for (const std::string& text : options.weights) {
    auto hub = weighted_hub("--weight", text);
    if (!hub) return hub.error();
    hubs.push_back(std::move(*hub));
  }
  for (const std::string& name : options.excluded) {
    hubs.push_back(bj::object{{"hostName", name}, {"applyAllocationPolicy", false}});
  }
  if (!hubs.empty()) body["hubs"] = std::move(hubs);
  bj::array added;
  for (const std::string& text : options.added) {
    if (text.find('=') == std::string::npos) {
      added.push_back(bj::object{{"hostName", text}});
      continue;
    }
    auto hub = weighted_hub("--add-hub", text);
    if (!hub) return hub.error();
    added.push_back(std::move(*hub));
  }
  if (!added.empty()) body["addHubs"] = std::move(added);
  bj::array removed;
  for (const std::string& name : options.removed) removed.emplace_back(name);
  if (!removed.empty()) body["removeHubs"] = std::move(removed);
  return {};
}

bj::array split(const std::string& text) {
  bj::array parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.emplace_back(part);
  return parts;
}

// One change for each group, whichever options name it.
Result<void> add_groups(const DryRunOptions& options, bj::object& body) {
  std::map<std::string, bj::object> groups;
  for (const std::string& text : options.group_policies) {
    const auto named = read_named("--group-policy", text);
    if (!named) return named.error();
    groups[named->name]["allocationPolicy"] = named->value;
  }
  for (const std::string& text : options.group_hubs) {
    const auto named = read_named("--group-hubs", text);
    if (!named) return named.error();
    groups[named->name]["iotHubs"] = split(named->value);
  }
  bj::array rows;
  for (auto& [name, change] : groups) {
    change["enrollmentGroupId"] = name;
    rows.push_back(std::move(change));
  }
  if (!rows.empty()) body["enrollmentGroups"] = std::move(rows);
  return {};
}

Result<bj::object> device_of(const std::string& line) {
  if (!line.starts_with('{')) return bj::object{{"registrationId", line}};
  return json::parse_object(line, {kMaxLine, kMaxLineDepth});
}

std::string_view verb_of(std::string_view outcome) {
  if (outcome == "assigned") return "new";
  if (outcome == "webhook") return "left to a webhook";
  if (outcome == "unmeasured") return "left to measuring at the gateway";
  return outcome;
}

}  // namespace

Result<bj::object> dry_run_request(const DryRunOptions& options) {
  bj::object body;
  if (!options.policy.empty()) body["allocationPolicy"] = options.policy;
  if (const auto added = add_hubs(options, body); !added) return added.error();
  if (const auto added = add_groups(options, body); !added) return added.error();
  auto latencies = read_latencies(options.latencies);
  if (!latencies) return latencies.error();
  if (!latencies->empty()) body["latencies"] = std::move(*latencies);
  if (!options.group.empty()) body["enrollmentGroupId"] = options.group;
  if (!options.shows_all) body["onlyChanges"] = true;
  return body;
}

Result<bj::array> read_devices(const std::string& text) {
  bj::array devices;
  std::istringstream stream(text);
  std::size_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    if (devices.size() == kMaxDryRunDevices) {
      return Error{Errc::too_large, "more than 100,000 devices; cut the file"};
    }
    auto device = device_of(line);
    if (!device) {
      return Error{Errc::invalid, "line " + std::to_string(number) + ": " + device.error().reason};
    }
    devices.push_back(std::move(*device));
  }
  if (devices.empty()) return Error{Errc::invalid, "the file lists no device"};
  return devices;
}

Result<void> DryRunTotal::add(bj::object page) {
  const auto summary = json::find_object(page, "summary");
  if (!summary || *summary == nullptr) return strange();
  const auto devices = json::find_number(**summary, "devices", kMaxCount);
  const auto outcomes = json::find_object(**summary, "outcomes");
  const auto hubs = json::find_array(**summary, "hubs");
  bj::value* rows = page.if_contains("value");
  if (!devices || !*devices || !outcomes || *outcomes == nullptr || !hubs || *hubs == nullptr ||
      rows == nullptr || !rows->is_array()) {
    return strange();
  }
  devices_ += **devices;
  for (const auto& [name, value] : **outcomes) {
    const auto count = json::find_number(**outcomes, name, kMaxCount);
    if (!count || !*count) return strange();
    outcomes_[name] += **count;
  }
  for (const bj::value& value : **hubs) {
    const bj::object* hub = value.if_object();
    if (hub == nullptr) return strange();
    const auto name = json::find_string(*hub, "hostName");
    const auto before = json::find_number(*hub, "before", kMaxCount);
    const auto after = json::find_number(*hub, "after", kMaxCount);
    if (!name || !*name || !before || !*before || !after || !*after) return strange();
    hubs_[**name].before += **before;
    hubs_[**name].after += **after;
  }
  for (bj::value& row : *rows->if_array()) rows_.push_back(std::move(row));
  const auto added = json::find_array(page, "addHubs");
  if (!added) return strange();
  if (*added != nullptr) added_hubs_ = **added;
  return {};
}

bj::object DryRunTotal::summary() const {
  bj::object outcomes;
  for (const auto& [name, count] : outcomes_) outcomes[name] = count;
  bj::array hubs;
  for (const auto& [name, share] : hubs_) {
    hubs.push_back(
        bj::object{{"hostName", name}, {"before", share.before}, {"after", share.after}});
  }
  bj::object summary{{"devices", devices_}, {"outcomes", outcomes}, {"hubs", hubs}};
  if (!added_hubs_.empty()) summary["addHubs"] = added_hubs_;
  return summary;
}

std::string DryRunTotal::words() const {
  std::string text = std::to_string(devices_) + (devices_ == 1 ? " device" : " devices");
  char before = ':';
  for (const auto& [name, count] : outcomes_) {
    text += before;
    text += ' ' + std::to_string(count) + ' ' + std::string(verb_of(name));
    before = ',';
  }
  for (const auto& [name, share] : hubs_) {
    text += "\n  " + name + ": " + std::to_string(share.before) + " today, " +
            std::to_string(share.after) + " then";
  }
  for (const bj::value& value : added_hubs_) {
    const bj::object* hub = value.if_object();
    if (hub == nullptr) continue;
    const auto id = json::find_string(*hub, "hubId");
    const auto name = json::find_string(*hub, "hostName");
    if (!id || !*id || !name || !*name) continue;
    text += "\n  just these devices go to " + **name + " if it is linked with --hub-id " + **id;
  }
  return text;
}

}  // namespace berth::cli
