#include "shared/json/hub_json.hpp"

#include <charconv>
#include <limits>
#include <utility>
#include <variant>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "shared/base/encoding.hpp"
#include "shared/json/json_text.hpp"

namespace berth::json {
namespace {

namespace bj = boost::json;

constexpr TextLimits kHubLimits{hub::kMaxHubBody, hub::kMaxHubDepth};

bj::object authentication_of(const hub::DeviceCredential& credential) {
  bj::object authentication;
  if (const auto* keys = std::get_if<hub::SymmetricKeyCredential>(&credential)) {
    // A key left empty would be made up by the hub (service API 5.2).
    const SecretBytes& secondary = keys->secondary.empty() ? keys->primary : keys->secondary;
    const SecretBytes& primary = keys->primary.empty() ? keys->secondary : keys->primary;
    authentication["type"] = "sas";
    authentication["symmetricKey"] = {{"primaryKey", to_base64(primary.reveal())},
                                      {"secondaryKey", to_base64(secondary.reveal())}};
  } else if (const auto* x509 = std::get_if<hub::ThumbprintCredential>(&credential)) {
    authentication["type"] = "selfSigned";
    authentication["x509Thumbprint"] = {{"primaryThumbprint", x509->sha256},
                                        {"secondaryThumbprint", x509->sha256}};
  }
  return authentication;
}

// Whether `there` says all that `wanted` says. A hub answers with more members than it was given.
bool holds(const bj::value& there, const bj::value& wanted) {
  const bj::object* members = wanted.if_object();
  if (members == nullptr) return there == wanted;
  const bj::object* found = there.if_object();
  if (found == nullptr) return false;
  for (const auto& [name, value] : *members) {
    const bj::value* member = found->if_contains(name);
    if (member == nullptr || !holds(*member, value)) return false;
  }
  return true;
}

// The number in a text that is all digits, else 0.
int number_in(std::string_view text) {
  int number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc{} && end.ptr == text.data() + text.size() ? number : 0;
}

// A hub gives the kind of an error as a number or by name.
void read_error_code(const bj::object& error, hub::BulkAnswer& answer) {
  const bj::value* code = find(error, "errorCode");
  if (code == nullptr) return;
  if (const bj::string* name = code->if_string()) {
    answer.error_code = number_in(*name);
    if (answer.error_code == 0) answer.error_name = std::string(name->data(), name->size());
  } else if (const std::int64_t* number = code->if_int64()) {
    if (*number > 0 && *number <= std::numeric_limits<int>::max()) {
      answer.error_code = static_cast<int>(*number);
    }
  }
}

std::string without_quotes(std::string etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    return etag.substr(1, etag.size() - 2);
  }
  return etag;
}

}  // namespace

std::string IotHubBodyCodec::write_bulk_create(const hub::DesiredIdentity& identity,
                                               const std::string& marker) {
  bj::object item;
  item["id"] = identity.device_id.str();
  item["importMode"] = "create";
  item["status"] = "enabled";
  item["statusReason"] = marker;
  item["authentication"] = authentication_of(identity.credential);
  if (identity.iot_edge) item["capabilities"] = {{"iotEdge", *identity.iot_edge}};
  add_text(item, "tags", identity.twin.tags);
  if (!identity.twin.desired.empty()) {
    bj::object properties;
    add_text(properties, "desired", identity.twin.desired);
    item["properties"] = std::move(properties);
  }
  bj::array items;
  items.emplace_back(std::move(item));
  return serialize(items);
}

Result<hub::BulkAnswer> IotHubBodyCodec::read_bulk_answer(std::string_view text) {
  auto body = parse_object(text, kHubLimits);
  if (!body) return body.error();
  auto successful = find_bool(*body, "isSuccessful");
  if (!successful) return successful.error();
  if (!*successful) return Error{Errc::malformed, "a bulk answer lacks 'isSuccessful'"};
  hub::BulkAnswer answer;
  answer.successful = **successful;
  auto errors = find_array(*body, "errors");
  if (!errors) return errors.error();
  if (*errors != nullptr && !(*errors)->empty()) {
    if (const bj::object* error = (*errors)->front().if_object()) read_error_code(*error, answer);
  }
  return answer;
}

Result<hub::FoundIdentity> IotHubBodyCodec::read_identity(std::string_view text) {
  auto body = parse_object(text, kHubLimits);
  if (!body) return body.error();
  auto device_id = find_string(*body, "deviceId");
  if (!device_id) return device_id.error();
  if (!*device_id) return Error{Errc::malformed, "an identity lacks 'deviceId'"};
  auto etag = find_string(*body, "etag");
  if (!etag) return etag.error();
  auto status = find_string(*body, "status");
  if (!status) return status.error();
  auto status_reason = find_string(*body, "statusReason");
  if (!status_reason) return status_reason.error();
  hub::FoundIdentity found;
  found.etag = without_quotes(etag->value_or(""));
  found.status_reason = status_reason->value_or("");
  found.enabled = !equals_ignoring_case(status->value_or("enabled"), "disabled");
  return found;
}

Result<std::optional<std::string>> IotHubBodyCodec::with_credential(
    std::string_view text, const hub::DesiredIdentity& identity) {
  auto body = parse_object(text, kHubLimits);
  if (!body) return body.error();
  bj::object wanted;
  wanted["status"] = "enabled";
  wanted["authentication"] = authentication_of(identity.credential);
  if (identity.iot_edge) wanted["capabilities"] = {{"iotEdge", *identity.iot_edge}};
  if (holds(*body, wanted)) return std::optional<std::string>{};
  for (auto& [name, value] : wanted) (*body)[name] = value;
  return std::optional<std::string>(serialize(*body));
}

Result<std::optional<std::string>> IotHubBodyCodec::disabled(std::string_view text) {
  return with_status(text, false);
}

Result<std::optional<std::string>> IotHubBodyCodec::enabled(std::string_view text) {
  return with_status(text, true);
}

Result<std::optional<std::string>> IotHubBodyCodec::with_status(std::string_view text,
                                                                bool enabled) {
  auto found = read_identity(text);
  if (!found) return found.error();
  if (found->enabled == enabled) return std::optional<std::string>{};
  auto body = parse_object(text, kHubLimits);
  if (!body) return body.error();
  (*body)["status"] = enabled ? "enabled" : "disabled";
  return std::optional<std::string>(serialize(*body));
}

std::string IotHubBodyCodec::write_twin(const domain::InitialTwin& twin) {
  bj::object body;
  body["tags"] = bj::object{};
  add_text(body, "tags", twin.tags);
  bj::object properties;
  properties["desired"] = bj::object{};
  add_text(properties, "desired", twin.desired);
  body["properties"] = std::move(properties);
  return serialize(body);
}

Result<domain::InitialTwin> IotHubBodyCodec::read_twin(std::string_view text) {
  auto body = parse_object(text, kHubLimits);
  if (!body) return body.error();
  auto tags = find_object(*body, "tags");
  if (!tags) return tags.error();
  auto properties = find_object(*body, "properties");
  if (!properties) return properties.error();
  domain::InitialTwin twin;
  if (*tags != nullptr && !(*tags)->empty()) twin.tags = to_text(*tags);
  if (*properties == nullptr) return twin;
  auto desired = find_object(**properties, "desired");
  if (!desired) return desired.error();
  if (*desired == nullptr) return twin;
  bj::object own;
  for (const auto& [name, value] : **desired) {
    // $metadata and $version are the hub's.
    if (!std::string_view(name.data(), name.size()).starts_with('$')) own[name] = value;
  }
  if (!own.empty()) twin.desired = to_text(&own);
  return twin;
}

}  // namespace berth::json
