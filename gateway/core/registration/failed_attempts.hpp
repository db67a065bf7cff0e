// How often attestation failed lately: per source address and ID, and per source address (design
// 7). A failure is answered the later the more there were before it. A success never waits: what
// somebody tries under an ID costs its owner nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/core/device/request.hpp"
#include "shared/base/timestamp.hpp"

namespace berth::gateway {

// Counts per key in bounded memory: of this window and of the one before it. A window ends with its
// time, or when as many keys as it may have were counted.
class RecentCounts {
 public:
  RecentCounts(MonotonicTime window, std::size_t max_keys) : window_(window), max_keys_(max_keys) {}

  // Counts one more; gives the count, this one among it.
  std::uint32_t add(const std::string& key, MonotonicTime now);
  // What add() would give, less the one more.
  [[nodiscard]] std::uint32_t count(const std::string& key, MonotonicTime now) const;
  [[nodiscard]] std::size_t keys() const { return current_.size() + previous_.size(); }

 private:
  const MonotonicTime window_;
  const std::size_t max_keys_;  // of each window
  MonotonicTime begun_{0};
  std::unordered_map<std::string, std::uint32_t> current_;
  std::unordered_map<std::string, std::uint32_t> previous_;
};

class FailedAttempts {
 public:
  FailedAttempts();

  // Notes a failure from `source` under the ID, and gives how long its answer is to wait.
  [[nodiscard]] std::chrono::milliseconds note(std::string_view source, std::string_view id_scope,
                                               std::string_view registration_id, MonotonicTime now);

  // Whether the answer to one more failure would wait: who guesses is worth no question to the
  // coordinator either.
  [[nodiscard]] bool is_suspect(std::string_view source, std::string_view id_scope,
                                std::string_view registration_id, MonotonicTime now) const;

  [[nodiscard]] std::size_t counted() const { return by_device_.keys() + by_source_.keys(); }

 private:
  RecentCounts by_device_;
  RecentCounts by_source_;
};

// Replies that wait for their time; bounded, so that who fails often fills no memory.
class HeldReplies {
 public:
  // False if there is no room: the reply is then to be given at once.
  [[nodiscard]] bool hold(Reply& reply, MonotonicTime until);
  // Those whose time has come.
  [[nodiscard]] std::vector<Reply> take_due(MonotonicTime now);
  [[nodiscard]] std::optional<MonotonicTime> next_due() const;
  [[nodiscard]] std::size_t size() const { return held_.size(); }

 private:
  std::multimap<MonotonicTime, Reply> held_;
};

}  // namespace berth::gateway
