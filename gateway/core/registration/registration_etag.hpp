// The etag of a registration as a device sees it (device API 1.3), without its quotes: made of the
// record's version and creation time, as the coordinator makes it.
#pragma once

#include <cstdint>
#include <string>

#include "shared/base/timestamp.hpp"

namespace berth::gateway {

[[nodiscard]] std::string registration_etag(std::uint64_t version, WallTime created);

}  // namespace berth::gateway
