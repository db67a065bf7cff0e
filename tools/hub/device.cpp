#include "tools/hub/device.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <boost/json/array.hpp>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"
#include "tools/hub/twin.hpp"

namespace berth::hub_server {
namespace {

namespace bj = boost::json;

// base64, 16 to 64 bytes (service API 5.2).
constexpr std::size_t kMinKey = 16;
constexpr std::size_t kMaxKey = 64;
constexpr std::size_t kGeneratedKey = 32;
constexpr std::size_t kSha1Digits = 40;
constexpr std::size_t kSha256Digits = 64;
constexpr std::size_t kMaxParentScopes = 8;
constexpr std::string_view kNever = "0001-01-01T00:00:00Z";

constexpr json::TextLimits kRecordLimits{1024 * 1024, 32};

Error invalid(std::string reason) {
  return Error{Errc::invalid, std::move(reason)};
}

bj::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

std::string_view name_of(Authentication::Type type) {
  switch (type) {
    case Authentication::Type::sas: return "sas";
    case Authentication::Type::self_signed: return "selfSigned";
    case Authentication::Type::certificate_authority: return "certificateAuthority";
    case Authentication::Type::none: return "none";
  }
  return "none";
}

std::optional<Authentication::Type> parse_type(std::string_view text) {
  using Type = Authentication::Type;
  for (const Type type : {Type::sas, Type::self_signed, Type::certificate_authority, Type::none}) {
    if (equals_ignoring_case(text, name_of(type))) return type;
  }
  return std::nullopt;
}

// A text member, absent and null alike.
Result<std::string> text_in(const bj::object* object, std::string_view name) {
  if (object == nullptr) return std::string{};
  auto text = json::find_string(*object, name);
  if (!text) return text.error();
  return text->value_or("");
}

// Puts the member `name` of `object` into `into`.
Result<void> take_text(const bj::object* object, std::string_view name, std::string& into) {
  auto text = text_in(object, name);
  if (!text) return text.error();
  into = std::move(*text);
  return {};
}

Result<void> check_key(const std::string& key) {
  const auto bytes = from_base64(key);
  if (!bytes || bytes->size() < kMinKey || bytes->size() > kMaxKey) {
    return invalid("a symmetric key is base64 of 16 to 64 bytes");
  }
  return {};
}

Result<void> check_thumbprints(const Authentication& authentication) {
  const std::string& primary = authentication.primary_thumbprint;
  const std::string& secondary = authentication.secondary_thumbprint;
  for (const std::string& thumbprint : {primary, secondary}) {
    if (thumbprint.empty()) continue;
    const bool fits = thumbprint.size() == kSha1Digits || thumbprint.size() == kSha256Digits;
    if (!fits || !from_hex(thumbprint)) return invalid("a thumbprint has 40 or 64 hex digits");
  }
  if (!primary.empty() && !secondary.empty() && primary.size() != secondary.size()) {
    return invalid("both thumbprints have the same length");
  }
  if (primary.empty() && secondary.empty()) return invalid("selfSigned needs a thumbprint");
  return {};
}

Result<Authentication> read_authentication(const bj::object& from, ports::Entropy& entropy) {
  Authentication authentication;
  const auto given = json::find_object(from, "authentication");
  if (!given) return given.error();
  const bj::object* keys = nullptr;
  const bj::object* thumbprints = nullptr;
  std::string type;
  if (*given != nullptr) {
    const auto read = take_text(*given, "type", type);
    if (!read) return read.error();
    const auto found_keys = json::find_object(**given, "symmetricKey");
    if (!found_keys) return found_keys.error();
    keys = *found_keys;
    const auto found_thumbprints = json::find_object(**given, "x509Thumbprint");
    if (!found_thumbprints) return found_thumbprints.error();
    thumbprints = *found_thumbprints;
  }
  const std::array<std::pair<const bj::object*, std::pair<const char*, std::string*>>, 4> parts{{
      {keys, {"primaryKey", &authentication.primary_key}},
      {keys, {"secondaryKey", &authentication.secondary_key}},
      {thumbprints, {"primaryThumbprint", &authentication.primary_thumbprint}},
      {thumbprints, {"secondaryThumbprint", &authentication.secondary_thumbprint}},
  }};
  for (const auto& [object, part] : parts) {
    const auto read = take_text(object, part.first, *part.second);
    if (!read) return read.error();
  }
  // Without a type, what is given tells it.
  const bool has_thumbprint =
      !authentication.primary_thumbprint.empty() || !authentication.secondary_thumbprint.empty();
  if (type.empty()) type = has_thumbprint ? "selfSigned" : "sas";
  const auto parsed = parse_type(type);
  if (!parsed) return invalid("authentication.type is sas, selfSigned or certificateAuthority");
  authentication.type = *parsed;
  if (authentication.type == Authentication::Type::sas) {
    for (std::string* key : {&authentication.primary_key, &authentication.secondary_key}) {
      if (key->empty()) *key = to_base64(entropy.bytes(kGeneratedKey));
      const auto checked = check_key(*key);
      if (!checked) return checked.error();
    }
  }
  if (authentication.type == Authentication::Type::self_signed) {
    const auto checked = check_thumbprints(authentication);
    if (!checked) return checked.error();
  }
  return authentication;
}

bj::value text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return bj::value(view(text));
}

bj::object write_authentication(const Authentication& authentication) {
  return {{"symmetricKey",
           {{"primaryKey", text_or_null(authentication.primary_key)},
            {"secondaryKey", text_or_null(authentication.secondary_key)}}},
          {"x509Thumbprint",
           {{"primaryThumbprint", text_or_null(authentication.primary_thumbprint)},
            {"secondaryThumbprint", text_or_null(authentication.secondary_thumbprint)}}},
          {"type", view(name_of(authentication.type))}};
}

bj::array write_texts(const std::vector<std::string>& texts) {
  bj::array array;
  for (const std::string& text : texts) array.emplace_back(view(text));
  return array;
}

Result<std::vector<std::string>> read_texts(const bj::object& from, std::string_view name) {
  std::vector<std::string> texts;
  const auto array = json::find_array(from, name);
  if (!array) return array.error();
  if (*array == nullptr) return texts;
  for (const bj::value& value : **array) {
    const bj::string* text = value.if_string();
    if (text == nullptr || texts.size() == kMaxParentScopes) {
      return invalid(std::string(name) + " is a list of at most 8 texts");
    }
    texts.emplace_back(text->data(), text->size());
  }
  return texts;
}

}  // namespace

std::string etag_of(std::uint64_t version) {
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[bytes.size() - 1 - i] = static_cast<std::uint8_t>(version >> (8 * i));
  }
  return to_base64(bytes);
}

Result<void> read_identity(const bj::object& from, Device& into, ports::Entropy& entropy) {
  auto authentication = read_authentication(from, entropy);
  if (!authentication) return authentication.error();
  auto status = text_in(&from, "status");
  if (!status) return status.error();
  const bool disabled = equals_ignoring_case(*status, "disabled");
  if (!status->empty() && !disabled && !equals_ignoring_case(*status, "enabled")) {
    return invalid("status is enabled or disabled");
  }
  auto reason = text_in(&from, "statusReason");
  if (!reason) return reason.error();
  if (reason->size() > kMaxStatusReason) return invalid("statusReason has at most 128 characters");
  const auto capabilities = json::find_object(from, "capabilities");
  if (!capabilities) return capabilities.error();
  bool iot_edge = false;
  if (*capabilities != nullptr) {
    const auto edge = json::find_bool(**capabilities, "iotEdge");
    if (!edge) return edge.error();
    iot_edge = edge->value_or(false);
  }
  auto scope = text_in(&from, "deviceScope");
  if (!scope) return scope.error();
  auto parents = read_texts(from, "parentScopes");
  if (!parents) return parents.error();

  into.authentication = std::move(*authentication);
  into.enabled = !disabled;
  into.status_reason = std::move(*reason);
  into.iot_edge = iot_edge;
  into.device_scope = std::move(*scope);
  into.parent_scopes = std::move(*parents);
  return {};
}

bj::object write_identity(const Device& device) {
  bj::object identity{
      {"deviceId", view(device.id)},
      {"generationId", view(device.generation)},
      {"etag", view(etag_of(device.version))},
      {"connectionState", "Disconnected"},
      {"status", device.enabled ? "enabled" : "disabled"},
      {"statusReason", text_or_null(device.status_reason)},
      {"connectionStateUpdatedTime", view(kNever)},
      {"statusUpdatedTime", view(to_iso8601(device.status_updated))},
      {"lastActivityTime", view(kNever)},
      {"cloudToDeviceMessageCount", 0},
      {"capabilities", {{"iotEdge", device.iot_edge}}},
      {"authentication", write_authentication(device.authentication)},
  };
  if (!device.device_scope.empty()) identity["deviceScope"] = view(device.device_scope);
  if (!device.parent_scopes.empty()) identity["parentScopes"] = write_texts(device.parent_scopes);
  return identity;
}

bj::object write_twin(const Device& device) {
  const bj::object authentication = write_authentication(device.authentication);
  bj::object reported;
  reported["$metadata"] = {{"$lastUpdated", view(to_iso8601(device.desired_updated))}};
  reported["$version"] = 1;
  return {
      {"deviceId", view(device.id)},
      {"etag", view(etag_of(device.twin_version))},
      {"deviceEtag", view(etag_of(device.version))},
      {"status", device.enabled ? "enabled" : "disabled"},
      {"statusReason", text_or_null(device.status_reason)},
      {"statusUpdateTime", view(to_iso8601(device.status_updated))},
      {"connectionState", "Disconnected"},
      {"lastActivityTime", view(kNever)},
      {"cloudToDeviceMessageCount", 0},
      {"authenticationType", view(name_of(device.authentication.type))},
      {"x509Thumbprint", authentication.at("x509Thumbprint")},
      {"version", device.twin_version},
      {"tags", device.tags},
      {"properties",
       {{"desired", with_metadata(device.desired, device.desired_version, device.desired_updated)},
        {"reported", std::move(reported)}}},
      {"capabilities", {{"iotEdge", device.iot_edge}}},
  };
}

std::string to_record(const Device& device) {
  return json::serialize(bj::object{
      {"id", view(device.id)},
      {"generation", view(device.generation)},
      {"version", device.version},
      {"enabled", device.enabled},
      {"statusReason", view(device.status_reason)},
      {"statusUpdated", unix_micros(device.status_updated)},
      {"type", view(name_of(device.authentication.type))},
      {"primaryKey", view(device.authentication.primary_key)},
      {"secondaryKey", view(device.authentication.secondary_key)},
      {"primaryThumbprint", view(device.authentication.primary_thumbprint)},
      {"secondaryThumbprint", view(device.authentication.secondary_thumbprint)},
      {"iotEdge", device.iot_edge},
      {"deviceScope", view(device.device_scope)},
      {"parentScopes", write_texts(device.parent_scopes)},
      {"twinVersion", device.twin_version},
      {"desiredVersion", device.desired_version},
      {"desiredUpdated", unix_micros(device.desired_updated)},
      {"tags", device.tags},
      {"desired", device.desired},
  });
}

Result<Device> from_record(std::string_view record) {
  const auto parsed = json::parse_object(record, kRecordLimits);
  if (!parsed) return Error{Errc::corrupt, "a stored device is not JSON: " + parsed.error().reason};
  // The record is our own writing: a member that does not fit means the file was changed.
  try {
    const bj::object& from = *parsed;
    const auto text = [&](const char* name) {
      const bj::string& value = from.at(name).as_string();
      return std::string(value.data(), value.size());
    };
    const auto number = [&](const char* name) { return from.at(name).to_number<std::uint64_t>(); };
    Device device;
    device.id = text("id");
    device.generation = text("generation");
    device.version = number("version");
    device.enabled = from.at("enabled").as_bool();
    device.status_reason = text("statusReason");
    device.status_updated = from_unix_micros(from.at("statusUpdated").to_number<std::int64_t>());
    const auto type = parse_type(text("type"));
    if (!type) return Error{Errc::corrupt, "a stored device has an unknown authentication"};
    device.authentication = {*type, text("primaryKey"), text("secondaryKey"),
                             text("primaryThumbprint"), text("secondaryThumbprint")};
    device.iot_edge = from.at("iotEdge").as_bool();
    device.device_scope = text("deviceScope");
    auto parents = read_texts(from, "parentScopes");
    if (!parents) return Error{Errc::corrupt, parents.error().reason};
    device.parent_scopes = std::move(*parents);
    device.twin_version = number("twinVersion");
    device.desired_version = number("desiredVersion");
    device.desired_updated = from_unix_micros(from.at("desiredUpdated").to_number<std::int64_t>());
    device.tags = from.at("tags").as_object();
    device.desired = from.at("desired").as_object();
    return device;
  } catch (const std::exception& error) {
    return Error{Errc::corrupt, std::string("a stored device lacks something: ") + error.what()};
  }
}

}  // namespace berth::hub_server
