#pragma once

#include "shared/base/timestamp.hpp"

namespace berth::domain {

// When a record was made and last written, at the coordinator.
struct Stamps {
  WallTime created{};
  WallTime updated{};
};

}  // namespace berth::domain
