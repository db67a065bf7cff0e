// Etags of the service API (service API 1.6): made from a record's version and the time it was
// created, so that a record that was deleted and made again never shows an etag it had before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/timestamp.hpp"

namespace berth::coordinator {

// With its double quotes, which belong to the etag: "\"0000002a-0000-0100-0000-60d1d5e50000\"".
[[nodiscard]] std::string etag_of(std::uint64_t version, WallTime created);

// Whether an If-Match value names `etag`. SDKs send it with and without quotes, with a W/ prefix,
// or (registration states) in base64; "*" and "\"*\"" name every etag.
[[nodiscard]] bool etag_matches(std::string_view if_match, std::string_view etag);

}  // namespace berth::coordinator
