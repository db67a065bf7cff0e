// The file's tables, as numbered steps from an empty file to today's format.
#pragma once

#include "shared/base/result.hpp"
#include "shared/sqlite/connection.hpp"

namespace berth::store {

// Brings the file to today's format; inside a transaction. Whether the file was empty is the value.
// Errc::unsupported if a newer Berth wrote it, Errc::corrupt if it is another program's.
[[nodiscard]] Result<bool> migrate(sqlite::Connection& connection);

}  // namespace berth::store
