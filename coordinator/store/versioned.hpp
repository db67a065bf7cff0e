// What the coordinator's tables give: a record with its version, and a page of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace berth::coordinator {

template <class T>
struct Versioned {
  T record;
  std::uint64_t version = 0;  // 1 at creation, one more at every write
};

template <class T>
struct Listing {
  std::vector<Versioned<T>> records;
  std::string continuation;  // pass it to get what follows; empty at the end
};

}  // namespace berth::coordinator
