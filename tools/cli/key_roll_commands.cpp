#include <string>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/requests.hpp"

// Rolling keys and certificates (docs/key_rolling.md). Nothing is kept here: where a roll stands,
// the coordinator says.
namespace berth::cli {
namespace {

namespace bj = boost::json;

std::string path_to(const KeyRollOptions& o, std::string_view step = {}) {
  const std::string collection =
      o.is_individual ? "/berth/v1/enrollments" : "/berth/v1/enrollmentGroups";
  const std::string roll = path_of(collection, o.id, "keyRoll");
  return step.empty() ? roll : roll + "/" + std::string(step);
}

std::uint64_t number_in(const bj::object& record, std::string_view member) {
  const auto number = json::find_number(record, member, INT64_MAX);
  return number && *number ? **number : 0;
}

// Of a roll that is under way, what is to be done next.
std::string advice(const KeyRollOptions& o, const bj::object& record) {
  const auto state = json::find_string(record, "state");
  if (!state || state->value_or("") != "underWay") return "no roll is under way";
  const std::uint64_t left = number_in(record, "old") + number_in(record, "unknown");
  const std::string named = (o.is_individual ? "--individual " : "") + o.id;
  if (number_in(record, "registrations") == 0) {
    return "no device is registered; when all have the new one: berth key roll finish " + named;
  }
  if (left == 0) {
    return "no registered device uses the old one any more: berth key roll finish " + named;
  }
  return std::to_string(left) +
         " of the registered devices still use the old one, or may: berth key roll devices " +
         named;
}

Result<Output> with_advice(const KeyRollOptions& o, Result<Output> shown) {
  if (!shown) return shown;
  if (const bj::object* record = shown->value.if_object()) shown->note = advice(o, *record);
  return shown;
}

// A step counts only if the enrollment is still the one that its status tells of.
Result<Output> step(ServiceClient& client, const KeyRollOptions& o, std::string_view name,
                    bj::object body) {
  std::string etag = o.etag;
  if (etag.empty()) {
    const auto status = fetch_record(client, path_to(o));
    if (!status) return status.error();
    const auto present = json::find_string(*status, "etag");
    if (!present) return present.error();
    etag = present->value_or("*");
  }
  if (o.force) body["force"] = true;
  return with_advice(o, send_record(client, "POST", path_to(o, name), std::move(body), etag));
}

}  // namespace

Result<Output> start_key_roll(ServiceClient& client, const KeyRollOptions& o) {
  bj::object body;
  if (!o.key.empty()) body["key"] = o.key;
  if (!o.ca_name.empty()) body["caReference"] = o.ca_name;
  if (!o.slot.empty()) body["slot"] = o.slot;
  if (!o.certificate_path.empty()) {
    auto text = read_file(o.certificate_path, json::kMaxCertificateText);
    if (!text) return text.error();
    body["certificate"] = *text;
  }
  return step(client, o, "start", body);
}

Result<Output> show_key_roll(ServiceClient& client, const KeyRollOptions& o) {
  return with_advice(o, show_record(client, path_to(o)));
}

Result<Output> finish_key_roll(ServiceClient& client, const KeyRollOptions& o) {
  return step(client, o, "finish", {});
}

Result<Output> abort_key_roll(ServiceClient& client, const KeyRollOptions& o) {
  return step(client, o, "abort", {});
}

Result<Output> list_key_roll_devices(ServiceClient& client, const KeyRollOptions& o) {
  std::string path = path_to(o, "devices");
  if (!o.uses.empty()) path += "?uses=" + percent_encode(o.uses);
  auto rows = list_rows(client, path, o.top);
  if (!rows) return rows.error();
  Output output;
  output.value = std::move(*rows);
  output.columns = {{"ID", "registrationId"},
                    {"USES", "uses"},
                    {"LAST SEEN", "lastSeenUtc"},
                    {"HUB", "assignedHub"},
                    {"GATEWAY", "gatewayId"}};
  return output;
}

}  // namespace berth::cli
