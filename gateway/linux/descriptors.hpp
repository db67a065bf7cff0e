// The system's limit on descriptors, of which each connection needs one.
#pragma once

#include <cstddef>

namespace berth::gateway {

// Raises this process' limit as far as it may, and gives how many of `wanted` connections it allows
// beside all else that needs descriptors; at least one.
[[nodiscard]] std::size_t allow_connections(std::size_t wanted);

}  // namespace berth::gateway
