// For what a simulation takes for granted: its failure is a bug of the simulator and ends it.
#pragma once

#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/result.hpp"

namespace berth::sim {

template <class T>
T must(Result<T> result) {
  BERTH_ASSERT(result.has_value());
  return std::move(result).value();
}
inline void must(const Result<void>& result) {
  BERTH_ASSERT(result.has_value());
}

}  // namespace berth::sim
