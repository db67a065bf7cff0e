#include "shared/base/errc.hpp"

namespace berth {

std::string_view name_of(Errc code) {
  switch (code) {
    case Errc::malformed: return "malformed";
    case Errc::too_large: return "too_large";
    case Errc::invalid: return "invalid";
    case Errc::unsupported: return "unsupported";
    case Errc::unauthorized: return "unauthorized";
    case Errc::certificate_refused: return "certificate_refused";
    case Errc::forbidden: return "forbidden";
    case Errc::disabled: return "disabled";
    case Errc::not_found: return "not_found";
    case Errc::group_not_found: return "group_not_found";
    case Errc::already_exists: return "already_exists";
    case Errc::version_mismatch: return "version_mismatch";
    case Errc::conflict: return "conflict";
    case Errc::throttled: return "throttled";
    case Errc::unavailable: return "unavailable";
    case Errc::timed_out: return "timed_out";
    case Errc::hub_refused: return "hub_refused";
    case Errc::hub_unauthorized: return "hub_unauthorized";
    case Errc::hub_full: return "hub_full";
    case Errc::hub_conflict: return "hub_conflict";
    case Errc::no_hub: return "no_hub";
    case Errc::allocation_failed: return "allocation_failed";
    case Errc::allocation_hub_missing: return "allocation_hub_missing";
    case Errc::allocation_unauthorized: return "allocation_unauthorized";
    case Errc::corrupt: return "corrupt";
    case Errc::wrong_key: return "wrong_key";
    case Errc::io: return "io";
    case Errc::internal: return "internal";
  }
  return "unknown";
}

}  // namespace berth
