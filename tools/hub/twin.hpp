// The rules of a twin's documents: tags and desired properties (service API 5.2).
#pragma once

#include <cstddef>
#include <cstdint>

#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"

namespace berth::hub_server {

// Azure's limits: 8 KiB of tags, 32 KiB of desired properties, ten levels.
inline constexpr std::size_t kMaxTags = 8 * 1024;
inline constexpr std::size_t kMaxDesired = 32 * 1024;
inline constexpr std::size_t kMaxTwinDepth = 10;

// Applies a merge patch (RFC 7396): objects merge, null removes, anything else replaces.
void merge(boost::json::object& into, const boost::json::object& patch);

// A document as a client sends it, without the $metadata and $version it may have got from us.
[[nodiscard]] boost::json::object without_metadata(boost::json::object document);

// A document as clients read it: every member's time in $metadata, and $version.
[[nodiscard]] boost::json::object with_metadata(const boost::json::object& document,
                                                std::uint64_t version, WallTime updated);

// Names without '$', '.' and control characters, within depth and `max_size`. Errc::invalid.
[[nodiscard]] Result<void> check_document(const boost::json::object& document,
                                          std::size_t max_size);

}  // namespace berth::hub_server
