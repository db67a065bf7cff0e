#include "shared/domain/allocation/static_hub.hpp"

namespace berth::domain {

Result<std::string> static_hub_name(const Provisioning& provisioning) {
  if (provisioning.iot_hubs.size() == 1) return provisioning.iot_hubs.front();
  if (provisioning.iot_hubs.size() > 1) {
    return Error{Errc::no_hub,
                 "static allocation needs exactly one hub, and the enrollment names " +
                     std::to_string(provisioning.iot_hubs.size())};
  }
  if (!provisioning.iot_hub_host_name.empty()) return provisioning.iot_hub_host_name;
  return Error{Errc::no_hub, "static allocation needs a hub, and the enrollment names none"};
}

}  // namespace berth::domain
