// Asks a part of the installation whether it serves.
#pragma once

#include <cstdint>
#include <string>

namespace berth::dev {

// Empty if GET /readyz on 127.0.0.1:`port` says so; otherwise what stands in the way.
[[nodiscard]] std::string not_ready(std::uint16_t port);

}  // namespace berth::dev
