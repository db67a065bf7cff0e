#include "tools/hub/registry.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/json/json_text.hpp"
#include "tools/hub/hub_error.hpp"
#include "tools/hub/twin.hpp"

namespace berth::hub_server {
namespace {

namespace bj = boost::json;

constexpr std::size_t kMaxQuery = 4096;

Error invalid(std::string reason) {
  return Error{Errc::invalid, std::move(reason)};
}

bj::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

std::string_view without_quotes(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return etag;
}

// The modes of a bulk item, by what they do (service API 5.2).
struct ImportMode {
  enum class Verb : std::uint8_t { create, update, create_or_update, remove, update_twin };
  std::string_view name;
  Verb verb;
  std::string_view etag_member;  // the item's member that must fit; empty: unconditional
};

constexpr ImportMode kImportModes[] = {
    {"create", ImportMode::Verb::create, ""},
    {"update", ImportMode::Verb::update, ""},
    {"updateIfMatchETag", ImportMode::Verb::update, "eTag"},
    {"delete", ImportMode::Verb::remove, ""},
    {"deleteIfMatchETag", ImportMode::Verb::remove, "eTag"},
    {"createOrUpdate", ImportMode::Verb::create_or_update, ""},
    {"createOrUpdateIfMatchETag", ImportMode::Verb::create_or_update, "eTag"},
    {"updateTwin", ImportMode::Verb::update_twin, ""},
    {"updateTwinIfMatchETag", ImportMode::Verb::update_twin, "twinETag"},
};

const ImportMode* find_import_mode(std::string_view name) {
  for (const ImportMode& mode : kImportModes) {
    if (equals_ignoring_case(mode.name, name)) return &mode;
  }
  return nullptr;
}

Result<std::string> member_text(const bj::object& object, std::string_view name) {
  auto text = json::find_string(object, name);
  if (!text) return text.error();
  return text->value_or("");
}

bj::object item_error(const std::string& id, const Error& error) {
  const HubErrorEntry& entry = hub_error(error.code);
  const std::string status = "ErrorCode:" + std::string(entry.name) + "; " + error.reason;
  return {{"deviceId", view(id)}, {"errorCode", view(entry.name)}, {"errorStatus", view(status)}};
}

// Reads past white space and a word of the query, in any case.
bool take_word(std::string_view& text, std::string_view word) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\n' ||
                           text.front() == '\r')) {
    text.remove_prefix(1);
  }
  if (text.size() < word.size() || !equals_ignoring_case(text.substr(0, word.size()), word)) {
    return false;
  }
  text.remove_prefix(word.size());
  return true;
}

struct Query {
  std::optional<std::string> device_id;
};

Result<Query> parse_query(std::string_view text) {
  const Error unsupported{Errc::invalid,
                          "this hub answers SELECT * FROM devices [WHERE deviceId = '...']"};
  if (text.size() > kMaxQuery) return unsupported;
  const bool selects = take_word(text, "select") && take_word(text, "*") &&
                       take_word(text, "from") && take_word(text, "devices");
  if (!selects) return unsupported;
  Query query;
  if (take_word(text, "where")) {
    if (!take_word(text, "deviceId") || !take_word(text, "=") || !take_word(text, "'")) {
      return unsupported;
    }
    const std::size_t end = text.find('\'');
    if (end == std::string_view::npos) return unsupported;
    query.device_id = std::string(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  take_word(text, "");
  if (!text.empty()) return unsupported;
  return query;
}

// Tags and desired properties of a document, in the shape of `twin.tags, twin.properties.desired`.
struct TwinParts {
  const bj::object* tags = nullptr;
  const bj::object* desired = nullptr;
};

Result<TwinParts> twin_parts(const bj::object& twin) {
  TwinParts parts;
  const auto tags = json::find_object(twin, "tags");
  if (!tags) return tags.error();
  parts.tags = *tags;
  const auto properties = json::find_object(twin, "properties");
  if (!properties) return properties.error();
  if (*properties != nullptr) {
    const auto desired = json::find_object(**properties, "desired");
    if (!desired) return desired.error();
    parts.desired = *desired;
  }
  return parts;
}

}  // namespace

std::optional<IfMatch> IfMatch::parse(std::string_view header) {
  if (header.empty()) return std::nullopt;
  return IfMatch{std::string(without_quotes(header))};
}

bool IfMatch::fits(std::uint64_t version) const {
  return etag == "*" || etag == etag_of(version);
}

Result<Device> Registry::find(const std::string& id) {
  auto device = table_.find(host_name_, id);
  if (!device) return device.error();
  if (!*device) return Error{Errc::not_found, "no device " + id};
  return std::move(**device);
}

Result<Device> Registry::find(const std::string& id, const std::optional<IfMatch>& if_match,
                              std::uint64_t Device::*version) {
  auto device = find(id);
  if (!device) return device.error();
  if (if_match && !if_match->fits((*device).*version)) {
    return Error{Errc::version_mismatch, "device " + id + " has another etag"};
  }
  return device;
}

Result<Device> Registry::create(const std::string& id, const Object& identity) {
  const auto parsed = domain::parse_device_id(id);
  if (!parsed) return invalid("a device ID has 1 to 128 letters, digits and -:.+%_#*?!(),=@$;'");
  auto present = table_.find(host_name_, id);
  if (!present) return present.error();
  if (*present) return Error{Errc::already_exists, "device " + id + " is registered"};
  const auto count = table_.count(host_name_);
  if (!count) return count.error();
  if (*count >= max_devices_) {
    return Error{Errc::hub_full, "the hub takes " + std::to_string(max_devices_) + " devices"};
  }
  Device device;
  device.id = id;
  // Random, so that no etag of an earlier device of this name fits this one.
  const Bytes random = entropy_.bytes(12);
  device.generation = to_hex(ByteView(random).subspan(0, 8));
  for (const std::uint8_t byte : ByteView(random).subspan(8)) {
    device.version = (device.version << 8) | byte;
  }
  device.status_updated = clock_.wall();
  device.desired_updated = clock_.wall();
  const auto read = read_identity(identity, device, entropy_);
  if (!read) return read.error();
  return device;
}

Result<Device> Registry::replace(Device device, const Object& identity) {
  const bool was_enabled = device.enabled;
  const auto read = read_identity(identity, device, entropy_);
  if (!read) return read.error();
  ++device.version;
  if (device.enabled != was_enabled) device.status_updated = clock_.wall();
  return device;
}

Result<Registry::Object> Registry::get(const std::string& id) {
  const auto device = find(id);
  if (!device) return device.error();
  return write_identity(*device);
}

Result<Registry::Object> Registry::put(const std::string& id, const Object& identity,
                                       const std::optional<IfMatch>& if_match) {
  const auto named = member_text(identity, "deviceId");
  if (!named) return named.error();
  if (!named->empty() && *named != id) return invalid("deviceId differs from the path's");
  auto found = if_match ? find(id, if_match, &Device::version) : create(id, identity);
  if (!found) return found.error();
  auto device = if_match ? replace(std::move(*found), identity) : std::move(found);
  if (!device) return device.error();
  const auto stored = table_.put(host_name_, *device);
  if (!stored) return stored.error();
  return write_identity(*device);
}

Result<void> Registry::remove(const std::string& id, const std::optional<IfMatch>& if_match) {
  const auto device = find(id, if_match, &Device::version);
  if (!device) return device.error();
  return table_.remove(host_name_, id);
}

Result<bj::array> Registry::list(std::size_t top) {
  const auto devices = table_.list(host_name_, "", std::min(top, kMaxPage));
  if (!devices) return devices.error();
  bj::array rows;
  for (const Device& device : *devices) rows.push_back(write_identity(device));
  return rows;
}

Result<Registry::Object> Registry::bulk(const bj::array& items) {
  if (items.empty()) return invalid("there is no item");
  if (items.size() > kMaxBulkItems) {
    return invalid("at most " + std::to_string(kMaxBulkItems) + " items in one request");
  }
  std::set<std::string> ids;
  bj::array errors;
  for (const bj::value& item : items) {
    const bj::object* object = item.if_object();
    if (object == nullptr) return Error{Errc::malformed, "an item is no object"};
    auto id = member_text(*object, "id");
    if (!id) return id.error();
    if (!ids.insert(*id).second) {
      const Error twice{Errc::conflict, "device " + *id + " is there more than once"};
      errors.push_back(item_error(*id, twice));
    }
  }
  // The same device twice leaves open which item counts: nothing is done then.
  if (errors.empty()) {
    for (const bj::value& item : items) {
      const bj::object& object = item.get_object();
      const auto id = member_text(object, "id");
      if (!id) return id.error();
      const auto applied = apply(*id, object);
      if (!applied) errors.push_back(item_error(*id, applied.error()));
    }
  }
  const bool successful = errors.empty();
  return Object{
      {"isSuccessful", successful}, {"errors", std::move(errors)}, {"warnings", bj::array{}}};
}

Result<void> Registry::apply(const std::string& id, const Object& item) {
  const auto module = member_text(item, "moduleId");
  if (!module) return module.error();
  if (!module->empty()) return Error{Errc::unsupported, "this hub has no modules"};
  const auto mode_name = member_text(item, "importMode");
  if (!mode_name) return mode_name.error();
  const ImportMode* mode = find_import_mode(*mode_name);
  if (mode == nullptr) return invalid("importMode " + *mode_name + " is none");

  std::optional<IfMatch> if_match;
  if (!mode->etag_member.empty()) {
    const auto etag = member_text(item, mode->etag_member);
    if (!etag) return etag.error();
    if_match = IfMatch::parse(*etag);
    if (!if_match) return invalid(std::string(mode->etag_member) + " is missing");
  }

  using Verb = ImportMode::Verb;
  Result<Device> device = Error{};
  switch (mode->verb) {
    case Verb::remove: return remove(id, if_match);
    case Verb::create:
      device = create(id, item);
      if (device) device = change_twin(std::move(*device), item, false);
      break;
    case Verb::update:
      device = find(id, if_match, &Device::version);
      if (device) device = replace(std::move(*device), item);
      if (device) device = change_twin(std::move(*device), item, false);
      break;
    case Verb::create_or_update:
      device = find(id, if_match, &Device::version);
      if (device) {
        device = replace(std::move(*device), item);
      } else if (device.error().code == Errc::not_found) {
        device = create(id, item);
      }
      if (device) device = change_twin(std::move(*device), item, false);
      break;
    case Verb::update_twin:
      device = find(id, if_match, &Device::twin_version);
      if (device) device = change_twin(std::move(*device), item, false);
      break;
  }
  if (!device) return device.error();
  return table_.put(host_name_, *device);
}

Result<Device> Registry::change_twin(Device device, const Object& twin, bool replace) {
  const auto parts = twin_parts(twin);
  if (!parts) return parts.error();
  if (!replace && parts->tags == nullptr && parts->desired == nullptr) return device;
  bj::object tags = replace ? bj::object{} : device.tags;
  bj::object desired = replace ? bj::object{} : device.desired;
  if (parts->tags != nullptr) merge(tags, *parts->tags);
  if (parts->desired != nullptr) merge(desired, without_metadata(*parts->desired));
  const auto tags_fit = check_document(tags, kMaxTags);
  if (!tags_fit) return tags_fit.error();
  const auto desired_fits = check_document(desired, kMaxDesired);
  if (!desired_fits) return desired_fits.error();
  ++device.twin_version;
  if (replace || parts->desired != nullptr) {
    ++device.desired_version;
    device.desired_updated = clock_.wall();
  }
  device.tags = std::move(tags);
  device.desired = std::move(desired);
  return device;
}

Result<Registry::Object> Registry::statistics() {
  const auto total = table_.count(host_name_);
  if (!total) return total.error();
  const auto disabled = table_.count_disabled(host_name_);
  if (!disabled) return disabled.error();
  return Object{{"totalDeviceCount", *total},
                {"enabledDeviceCount", *total - *disabled},
                {"disabledDeviceCount", *disabled}};
}

Result<Registry::Object> Registry::get_twin(const std::string& id) {
  const auto device = find(id);
  if (!device) return device.error();
  return write_twin(*device);
}

Result<Registry::Object> Registry::patch_twin(const std::string& id, const Object& patch,
                                              const std::optional<IfMatch>& if_match) {
  auto device = find(id, if_match, &Device::twin_version);
  if (device) device = change_twin(std::move(*device), patch, false);
  if (!device) return device.error();
  const auto stored = table_.put(host_name_, *device);
  if (!stored) return stored.error();
  return write_twin(*device);
}

Result<Registry::Object> Registry::put_twin(const std::string& id, const Object& twin,
                                            const std::optional<IfMatch>& if_match) {
  auto device = find(id, if_match, &Device::twin_version);
  if (device) device = change_twin(std::move(*device), twin, true);
  if (!device) return device.error();
  const auto stored = table_.put(host_name_, *device);
  if (!stored) return stored.error();
  return write_twin(*device);
}

Result<Page> Registry::query(std::string_view text, std::string_view continuation,
                             std::size_t page_size) {
  const auto query = parse_query(text);
  if (!query) return query.error();
  Page page;
  if (query->device_id) {
    auto device = find(*query->device_id);
    if (device) page.rows.push_back(write_twin(*device));
    if (!device && device.error().code != Errc::not_found) return device.error();
    return page;
  }
  const auto after = from_base64url(continuation);
  if (!after) return invalid("the continuation is none of ours");
  const std::size_t limit = std::clamp<std::size_t>(page_size, 1, kMaxPage);
  // One more tells whether there is another page.
  const auto devices = table_.list(host_name_, std::string(as_text(*after)), limit + 1);
  if (!devices) return devices.error();
  for (const Device& device : *devices) {
    if (page.rows.size() == limit) {
      page.continuation = to_base64url(as_bytes((*devices)[limit - 1].id));
      break;
    }
    page.rows.push_back(write_twin(device));
  }
  return page;
}

}  // namespace berth::hub_server
