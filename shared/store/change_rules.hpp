// What every engine must decide alike about a change before it writes: limits and preconditions.
#pragma once

#include <cstdint>
#include <optional>

#include "shared/base/result.hpp"
#include "shared/store/record_store.hpp"

namespace berth::store {

// Tables below 32 have readers elsewhere: they are logged and move the tenant's head.
[[nodiscard]] constexpr bool is_logged(Table table) {
  return static_cast<unsigned>(table) < 32;
}

// Errc::too_large past a limit, Errc::invalid for an empty ID or a version that no engine can count
// on from.
[[nodiscard]] Result<void> check_limits(const Change& change);

// Whether `change` may apply to a record that is at version `current`, or absent.
[[nodiscard]] Result<void> check_expected(const Change& change,
                                          std::optional<std::uint64_t> current);

// The version that a put gives to a record that is at `current`, or absent.
[[nodiscard]] std::uint64_t next_version(const Change& change,
                                         std::optional<std::uint64_t> current);

// Errc::not_found: the answer for a tenant that was never created.
[[nodiscard]] Error no_such_tenant(const domain::IdScope& tenant);

}  // namespace berth::store
