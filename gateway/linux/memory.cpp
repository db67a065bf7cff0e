#include "gateway/linux/memory.hpp"

#include <algorithm>
#include <malloc.h>

#include "gateway/core/limits.hpp"

namespace berth::gateway {

bool Memory::is_rush_over(std::size_t connections) {
  most_ = std::max(most_, connections);
  if (most_ < kRushConnections || connections > most_ / 2) return false;
  most_ = connections;
  return true;
}

void Memory::give_back() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace berth::gateway
