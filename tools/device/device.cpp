#include "tools/device/device.hpp"

namespace berth::device {

std::string resource_of(const Attempt& attempt) {
  return attempt.endpoint.id_scope + "/registrations/" + attempt.identity.registration_id;
}

}  // namespace berth::device
