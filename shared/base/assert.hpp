// BERTH_ASSERT stays on in release builds. It is for our own bugs only, never for a peer's input:
// what a peer sends is answered with a Result.
#pragma once

namespace berth {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace berth

#define BERTH_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::berth::assertion_failed(#condition, __FILE__, __LINE__))
