#include "coordinator/api/allocation_change_json.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include <boost/json/array.hpp>

#include "coordinator/api/https_url.hpp"
#include "shared/base/encoding.hpp"
#include "shared/json/enrollment_json.hpp"
#include "shared/json/json_text.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;

constexpr std::size_t kHubIdSize = 16;
constexpr double kMaxLatencyMs = 60'000;

Error wrong(const std::string& what) {
  return Error{Errc::invalid, what};
}

// The objects of an array member; none if it is absent.
Result<std::vector<const bj::object*>> objects_of(const bj::object& body, const char* name,
                                                  std::size_t most) {
  const auto array = json::find_array(body, name);
  if (!array) return array.error();
  std::vector<const bj::object*> objects;
  if (*array == nullptr) return objects;
  if ((*array)->size() > most) {
    return wrong(std::string("'") + name + "' has at most " + std::to_string(most) + " items");
  }
  for (const bj::value& value : **array) {
    const bj::object* object = value.if_object();
    if (object == nullptr) return wrong(std::string("'") + name + "' is an array of objects");
    objects.push_back(object);
  }
  return objects;
}

Result<std::string> host_name_of(const bj::object& item, const char* list) {
  const auto name = json::find_string(item, "hostName");
  if (!name) return name.error();
  if (!*name || !is_host_name(**name)) {
    return wrong(std::string("each item of '") + list + "' needs a 'hostName'");
  }
  return to_lower(**name);
}

Result<std::optional<std::uint32_t>> weight_of(const bj::object& item) {
  const auto weight = json::find_number(item, "allocationWeight", domain::kMaxAllocationWeight);
  if (!weight) return weight.error();
  if (!*weight) return std::optional<std::uint32_t>{};
  if (**weight < domain::kMinAllocationWeight) {
    return wrong("'allocationWeight' is a number from 1 to 1000");
  }
  return std::optional(static_cast<std::uint32_t>(**weight));
}

Result<void> read_hubs(const bj::object& body, AllocationChange& change) {
  const auto items = objects_of(body, "hubs", kMaxChangedItems);
  if (!items) return items.error();
  for (const bj::object* item : *items) {
    AllocationChange::Hub hub;
    auto name = host_name_of(*item, "hubs");
    if (!name) return name.error();
    hub.host_name = std::move(*name);
    const auto weight = weight_of(*item);
    if (!weight) return weight.error();
    hub.weight = *weight;
    const auto takes_part = json::find_bool(*item, "applyAllocationPolicy");
    if (!takes_part) return takes_part.error();
    hub.takes_part = *takes_part;
    change.hubs.push_back(std::move(hub));
  }
  const auto removed = json::find_array(body, "removeHubs");
  if (!removed) return removed.error();
  if (*removed == nullptr) return {};
  if ((*removed)->size() > kMaxChangedItems) return wrong("'removeHubs' has at most 100 items");
  for (const bj::value& value : **removed) {
    const bj::string* text = value.if_string();
    if (text == nullptr) return wrong("'removeHubs' is an array of host names");
    AllocationChange::Hub hub;
    hub.host_name = to_lower({text->data(), text->size()});
    hub.is_removed = true;
    change.hubs.push_back(std::move(hub));
  }
  return {};
}

Result<void> read_added(const bj::object& body, ports::Entropy& entropy, AllocationChange& change) {
  const auto items = objects_of(body, "addHubs", kMaxAddedHubs);
  if (!items) return items.error();
  for (const bj::object* item : *items) {
    domain::LinkedHub hub;
    auto name = host_name_of(*item, "addHubs");
    if (!name) return name.error();
    hub.host_name = std::move(*name);
    const auto weight = weight_of(*item);
    if (!weight) return weight.error();
    if (*weight) hub.allocation_weight = **weight;
    const auto id = json::find_string(*item, "hubId");
    if (!id) return id.error();
    if (*id) {
      const auto bytes = from_hex(**id);
      if (!bytes || bytes->size() != kHubIdSize) return wrong("'hubId' is 32 hex digits");
      hub.hub_id = domain::HubId(to_hex(*bytes));
    } else {
      hub.hub_id = domain::HubId(to_hex(entropy.bytes(kHubIdSize)));
    }
    change.added.push_back(std::move(hub));
  }
  return {};
}

Result<std::optional<domain::AllocationPolicy>> policy_of(const bj::object& item) {
  const auto text = json::find_string(item, "allocationPolicy");
  if (!text) return text.error();
  if (!*text) return std::optional<domain::AllocationPolicy>{};
  const auto policy = json::read_allocation_policy(**text);
  if (!policy) return policy.error();
  return std::optional(*policy);
}

Result<std::optional<domain::ReprovisionPolicy>> reprovisioning_of(const bj::object& item) {
  const auto object = json::find_object(item, "reprovisionPolicy");
  if (!object) return object.error();
  if (*object == nullptr) return std::optional<domain::ReprovisionPolicy>{};
  domain::ReprovisionPolicy policy;
  const auto update = json::find_bool(**object, "updateHubAssignment");
  if (!update) return update.error();
  const auto migrate = json::find_bool(**object, "migrateDeviceData");
  if (!migrate) return migrate.error();
  policy.update_hub_assignment = update->value_or(policy.update_hub_assignment);
  policy.migrate_device_data = migrate->value_or(policy.migrate_device_data);
  return std::optional(policy);
}

Result<AllocationChange::Enrollment> read_enrollment(const bj::object& item) {
  AllocationChange::Enrollment change;
  auto policy = policy_of(item);
  if (!policy) return policy.error();
  change.policy = *policy;
  const auto reprovisioning = reprovisioning_of(item);
  if (!reprovisioning) return reprovisioning.error();
  change.reprovisioning = *reprovisioning;
  const auto hubs = json::find_array(item, "iotHubs");
  if (!hubs) return hubs.error();
  if (*hubs == nullptr) return change;
  if ((*hubs)->size() > json::kMaxListedNames) return wrong("'iotHubs' lists at most 50 names");
  std::vector<std::string> names;
  for (const bj::value& value : **hubs) {
    const bj::string* text = value.if_string();
    if (text == nullptr) return wrong("'iotHubs' is an array of host names");
    names.emplace_back(text->data(), text->size());
  }
  change.hubs = std::move(names);
  return change;
}

template <class Id>
Result<void> read_enrollments(const bj::object& body, const char* list, const char* id_name,
                              std::map<Id, AllocationChange::Enrollment>& into) {
  const auto items = objects_of(body, list, kMaxChangedItems);
  if (!items) return items.error();
  for (const bj::object* item : *items) {
    const auto text = json::find_string(*item, id_name);
    if (!text) return text.error();
    if (!*text) {
      return wrong(std::string("each item of '") + list + "' needs '" + id_name + "'");
    }
    const auto id = Id::parse(**text);
    if (!id) return id.error();
    auto change = read_enrollment(*item);
    if (!change) return change.error();
    into[*id] = std::move(*change);
  }
  return {};
}

}  // namespace

Result<AllocationChange> read_allocation_change(const bj::object& body, ports::Entropy& entropy) {
  AllocationChange change;
  const auto policy = policy_of(body);
  if (!policy) return policy.error();
  // A webhook belongs to a record (service API 2.8), and so does the one hub of static allocation.
  if (*policy == domain::AllocationPolicy::custom) {
    return wrong("'allocationPolicy' of a tenant cannot be custom; name an enrollment");
  }
  change.service_default = *policy;
  if (const auto read = read_hubs(body, change); !read) return read.error();
  if (const auto read = read_added(body, entropy, change); !read) return read.error();
  const auto groups =
      read_enrollments(body, "enrollmentGroups", "enrollmentGroupId", change.groups);
  if (!groups) return groups.error();
  const auto individuals =
      read_enrollments(body, "enrollments", "registrationId", change.individuals);
  if (!individuals) return individuals.error();
  return change;
}

Result<domain::HubLatencies> read_latencies(const bj::object& body, const Ground& ground,
                                            const AllocationChange& change) {
  domain::HubLatencies latencies;
  const auto object = json::find_object(body, "latencies");
  if (!object) return object.error();
  if (*object == nullptr) return latencies;
  if ((*object)->size() > kMaxChangedItems + kMaxAddedHubs) return wrong("'latencies' is too long");
  for (const auto& [name, value] : **object) {
    const auto is_named = [&host = name](const domain::LinkedHub& hub) {
      return equals_ignoring_case(hub.host_name, {host.data(), host.size()});
    };
    const domain::LinkedHub* named = nullptr;
    for (const auto* hubs : {&ground.hubs, &change.added}) {
      const auto found = std::ranges::find_if(*hubs, is_named);
      if (found != hubs->end()) named = &*found;
    }
    if (named == nullptr) {
      return wrong("'latencies' names a hub that is not linked: " + std::string(name));
    }
    double time = -1;
    if (value.is_double()) time = *value.if_double();
    if (value.is_int64()) time = static_cast<double>(*value.if_int64());
    if (!(time >= 0 && time <= kMaxLatencyMs)) {
      return wrong("'latencies' are numbers of milliseconds, from 0 to 60000");
    }
    latencies[named->hub_id] =
        std::chrono::microseconds(static_cast<std::int64_t>(std::llround(time * 1000.0)));
  }
  return latencies;
}

}  // namespace berth::coordinator
