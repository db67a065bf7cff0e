// Who is to be cut off from a Mosquitto, and who to be let in again. Azure's service leaves the hub
// alone when an enrollment is disabled (service API 2.7), and admins disable the device in the
// hub's own console; a broker has none. So the coordinator follows the tenant's change log for each
// linked Mosquitto, and disables the clients of devices whose enrollment is disabled.
//
// The place reached in the log is kept in memory only: at first, and where the log no longer
// reaches back that far, every registration in the hub is looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

struct CutOff {
  domain::RegistrationId registration_id;
  domain::DeviceId device_id;
  bool disable = true;  // false: enable
};

// How far the log, or the list of registrations, was taken in for one hub.
struct CutOffPlace {
  std::uint64_t sequence = 0;
  bool is_listing = false;   // no log: registrations are listed
  std::string continuation;  // of the list
};

struct CutOffPage {
  std::vector<CutOff> work;
  CutOffPlace next;  // once the work is done
  bool is_all = false;
};

// What follows `place`, at most one page of the log or the list; nullopt: from the start.
[[nodiscard]] Result<CutOffPage> next_cut_offs(const store::RecordStore& store,
                                               const domain::IdScope& tenant,
                                               const domain::HubId& hub,
                                               const std::optional<CutOffPlace>& place);

// Whether the device may still not, or may again, be in the hub: asked again before it is written.
[[nodiscard]] Result<bool> still_holds(const store::Reader& reader, const domain::IdScope& tenant,
                                       const domain::HubId& hub, const CutOff& one);

}  // namespace berth::coordinator
