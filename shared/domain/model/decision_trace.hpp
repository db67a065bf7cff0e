// Why a device got what it got: what was checked, in order, who could have been chosen, who was,
// and what was done in the hub. Kept with every registration and every refused attempt, and made
// afresh to explain what a registration would get.
//
// For admins only: none of it is told to a device. No text says more of a wrong secret than that it
// does not fit. Bounded: what is past a limit is counted and left out.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/timestamp.hpp"
#include "shared/domain/model/ids.hpp"

namespace berth::domain {

inline constexpr std::size_t kMaxTraceChecks = 24;
inline constexpr std::size_t kMaxTraceCandidates = 16;
inline constexpr std::size_t kMaxTraceAttempts = 8;
inline constexpr std::size_t kMaxTraceText = 256;  // bytes of one text

enum class AllocationPolicy : std::uint8_t { hashed, geo_latency, static_hub, custom };

enum class CheckResult : std::uint8_t { passed, failed, not_reached };

// One question that was asked on the way, such as whether the enrollment is enabled.
struct DecisionCheck {
  std::string name;  // short, the same for the same question
  CheckResult result = CheckResult::not_reached;
  std::string text;  // a sentence for people; empty if there is nothing to add
  friend bool operator==(const DecisionCheck&, const DecisionCheck&) = default;
};

// A hub that the policy could choose. Where the policy has a score, the least one wins.
struct DecisionCandidate {
  HubId hub_id;
  std::string host_name;
  std::uint32_t weight = 0;
  std::optional<std::chrono::microseconds> latency;
  std::optional<std::uint64_t> score;  // hashed: its distance by its weight
  std::string remark;                  // why it was left out, if it was
  friend bool operator==(const DecisionCandidate&, const DecisionCandidate&) = default;
};

// Where the policy comes from.
enum class PolicySource : std::uint8_t {
  none,              // no policy was asked: the device stays where it is
  enrollment,        // the enrollment's own
  legacy_host_name,  // the enrollment's iotHubHostName, which means static
  service_default,
};

// One try to write the device to a hub, and how it ended.
struct TracedAttempt {
  std::string host_name;
  WallTime at{};
  std::string end;  // empty: well
  friend bool operator==(const TracedAttempt&, const TracedAttempt&) = default;
};

struct DecisionTrace {
  std::vector<DecisionCheck> checks;  // in the order in which they are made
  std::uint32_t checks_left_out = 0;
  PolicySource policy_source = PolicySource::none;
  std::optional<AllocationPolicy> policy;
  std::vector<DecisionCandidate> candidates;
  std::uint32_t candidates_left_out = 0;
  HubId hub_id;  // the hub chosen; empty if none was
  std::string host_name;
  std::string reason;  // why that one
  std::vector<TracedAttempt> attempts;
  std::uint32_t attempts_left_out = 0;
  std::string hub_call;  // what is asked of the hub
  friend bool operator==(const DecisionTrace&, const DecisionTrace&) = default;
};

// At most kMaxTraceText bytes of it, whole UTF-8 characters.
[[nodiscard]] std::string trace_text(std::string_view text);

// These keep the limits.
void add_check(DecisionTrace& trace, std::string_view name, CheckResult result,
               std::string_view text = {});
void add_candidate(DecisionTrace& trace, DecisionCandidate candidate);
void add_attempt(DecisionTrace& trace, TracedAttempt attempt);

}  // namespace berth::domain
