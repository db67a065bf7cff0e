#include <utility>

#include "shared/base/encoding.hpp"
#include "tools/cli/commands.hpp"
#include "tools/cli/requests.hpp"

namespace berth::cli {
namespace {

constexpr const char* kStates = "/registrations";
// With who decided and why the last attempt failed, which DPS does not show.
constexpr const char* kRegistrations = "/berth/v1/registrations";

}  // namespace

Result<Output> list_registrations(ServiceClient& client, const ListOptions& o) {
  std::string path = kRegistrations;
  if (!o.group.empty()) path += "?enrollmentGroupId=" + percent_encode(o.group);
  auto rows = list_rows(client, path, o.top);
  if (!rows) return rows.error();
  Output output;
  output.value = std::move(*rows);
  output.columns = {{"ID", "registrationId"},
                    {"STATUS", "status"},
                    {"HUB", "assignedHub"},
                    {"DEVICE", "deviceId"},
                    {"GROUP", "enrollmentGroupId"},
                    {"LAST FAILURE", "lastAttempt.reason"},
                    {"UPDATED", "lastUpdatedDateTimeUtc"}};
  return output;
}

Result<Output> show_registration(ServiceClient& client, const NamedOptions& o) {
  return show_record(client, path_of(kRegistrations, o.id));
}

Result<Output> delete_registration(ServiceClient& client, const NamedOptions& o) {
  return delete_record(client, path_of(kStates, o.id), o.etag,
                       "deleted the registration of " + o.id +
                           "; its identity stays in the hub until the device registers again");
}

}  // namespace berth::cli
