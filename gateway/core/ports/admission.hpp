// The permit's word on whether a device may be accepted now (design section 4). The engine asks
// before it decides; the journal's writer asks again, in cursor order, when it writes.
#pragma once

#include <cstdint>

#include "shared/base/result.hpp"
#include "shared/domain/model/ids.hpp"

namespace berth::gateway {

// How the gateway knows the device that it is about to accept.
enum class Acquaintance : std::uint8_t {
  unseen,     // no assignment is known
  returning,  // an assignment is known here
};

// Whether the coordinator stands behind what is known about this registration ID.
enum class Contact : std::uint8_t {
  confirmed,  // the link is up, and the record is current or the look-back was answered
  alone,      // the link is down, or the look-back missed its deadline: the offline rules hold
};

class Admission {
 public:
  virtual ~Admission() = default;

  // The serial of the permit that allows it. Errc::unavailable, with the rule that stands against
  // it as the reason, if the device must wait until the coordinator is in reach again. Only asks:
  // the journal's writer counts devices that it accepts.
  [[nodiscard]] virtual Result<std::uint64_t> admit(const domain::IdScope& tenant,
                                                    Acquaintance device, Contact contact) = 0;

  // Whether a registration that was accepted may go on being applied: the permit's expiry alone
  // decides, its quota was used at acceptance. Errc::unavailable otherwise.
  [[nodiscard]] virtual Result<void> may_continue(const domain::IdScope& tenant,
                                                  Acquaintance device) = 0;
};

}  // namespace berth::gateway
