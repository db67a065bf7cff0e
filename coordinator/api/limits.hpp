// Limits of the coordinator's HTTP surface. The listener takes kMaxRequestBody as its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace berth::coordinator {

// Ten records of a bulk request, each with a large initial twin and two certificates.
inline constexpr std::size_t kMaxRequestBody = 1024 * 1024;
inline constexpr std::size_t kMaxRequestDepth = 32;

// Query pages (service API 1.7).
inline constexpr std::size_t kDefaultPageSize = 100;
inline constexpr std::size_t kMaxPageSize = 1000;

// Records of one bulk request (service API 1.8).
inline constexpr std::size_t kMaxBulkItems = 10;

// TPMs that one request puts on a group's list.
inline constexpr std::size_t kMaxTpmsPerRequest = 500;

// How long a join token may be good (design section 4: within the hour).
inline constexpr std::chrono::seconds kMaxJoinTokenLifetime{3600};

// Longest name of people's own choosing that has no other rule, in bytes.
inline constexpr std::size_t kMaxTextLength = 256;
inline constexpr std::size_t kMaxTenantNameLength = 64;
inline constexpr std::size_t kMaxHostNameLength = 253;
inline constexpr std::size_t kMaxUrlLength = 2048;

// Most that a linked hub's limit can be said to be: no limit to us.
inline constexpr std::uint64_t kMaxRequestsPerMinute = 1'000'000;

}  // namespace berth::coordinator
