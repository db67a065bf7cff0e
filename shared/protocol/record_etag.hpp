// The one text that tells the versions of a record apart, for admins and for devices (device
// API 1.3, service API 1.6).
#pragma once

#include <cstdint>
#include <string>

#include "shared/base/timestamp.hpp"

namespace berth::protocol {

// Of a record's version and the time it was created, so that a record that was deleted and made
// again never shows an etag it had before: "0000002a-0000-0100-0000-60d1d5e50000". Without quotes.
[[nodiscard]] std::string record_etag(std::uint64_t version, WallTime created);

}  // namespace berth::protocol
