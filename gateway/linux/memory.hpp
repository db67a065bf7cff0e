// Gives memory back to the system when a rush of connections is over: the allocator keeps what was
// freed for the next one, which may never come.
#pragma once

#include <cstddef>

namespace berth::gateway {

class Memory {
 public:
  // To be asked now and then, with the connections that there are: whether the rush is over, which
  // is when half of the most there were since it was last said are gone.
  [[nodiscard]] bool is_rush_over(std::size_t connections);
  // Takes some milliseconds.
  static void give_back();

 private:
  std::size_t most_ = 0;
};

}  // namespace berth::gateway
