#include "gateway/linux/descriptors.hpp"

#include <algorithm>
#include <sys/resource.h>

#include "gateway/core/limits.hpp"

namespace berth::gateway {

std::size_t allow_connections(std::size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);  // if that fails, what there is has to do
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  }
  const std::size_t all = limit.rlim_cur;
  const std::size_t free = all > kReservedDescriptors ? all - kReservedDescriptors : 1;
  return std::min(wanted, free);
}

}  // namespace berth::gateway
