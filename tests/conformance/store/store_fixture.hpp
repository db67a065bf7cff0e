// What the suite needs of an implementation under test. Each implementation's own file defines
// make_store_fixture(); the suite is linked with one of them.
#pragma once

#include <cstdint>
#include <memory>

#include "shared/store/record_store.hpp"

namespace berth::testing {

// Entries of the change log that a store under test keeps.
inline constexpr std::uint64_t kShortHorizon = 8;

class StoreFixture {
 public:
  virtual ~StoreFixture() = default;
  [[nodiscard]] virtual store::RecordStore& store() = 0;
  // Closes the store and opens it again, where it has a file.
  virtual void reopen() = 0;
};

[[nodiscard]] std::unique_ptr<StoreFixture> make_store_fixture(std::uint64_t log_horizon);

}  // namespace berth::testing
