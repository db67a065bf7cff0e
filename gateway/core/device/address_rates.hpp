// How often one address may do something costly: a bucket of tokens per address, in bounded memory.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "shared/base/timestamp.hpp"

namespace berth::gateway {

class AddressRates {
 public:
  // `burst` at once, then `per_second`; of `max_addresses` at most, of which those that did nothing
  // lately are forgotten first.
  AddressRates(int burst, int per_second, std::size_t max_addresses)
      : burst_(burst), per_second_(per_second), max_addresses_(max_addresses) {}

  // Whether that address may, once more. False also for a new address while the table is full of
  // busy ones.
  [[nodiscard]] bool allow(const std::string& address, MonotonicTime now);

  [[nodiscard]] std::size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    double tokens = 0;
    MonotonicTime filled{};
  };
  void refill(Bucket& bucket, MonotonicTime now) const;
  void forget_idle(MonotonicTime now);

  int burst_;
  int per_second_;
  std::size_t max_addresses_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace berth::gateway
