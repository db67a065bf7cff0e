// What berth-device prints: one JSON line each.
#pragma once

#include <chrono>
#include <string>

#include "shared/ports/crypto.hpp"
#include "tools/device/fleet.hpp"

namespace berth::device {

// Whole milliseconds, rounded.
[[nodiscard]] std::int64_t whole_milliseconds(std::chrono::microseconds time);

[[nodiscard]] std::string line_of(const Report& report);
[[nodiscard]] std::string line_of(const Summary& summary, std::size_t devices,
                                  std::chrono::microseconds took);

// What an enrollment needs to know of it.
[[nodiscard]] std::string line_of(const Tpm& tpm, ports::Crypto& crypto);

}  // namespace berth::device
