// Misbehaviour on demand: what POST /faults on the management listener makes a hub do, so that
// tests can see how others take it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/protocol/http/message.hpp"

namespace berth::hub_server {

// nonsense: what a proxy's page or a captive portal answers.
enum class FaultMode : std::uint8_t { none, throttle, down, slow, full, unauthorized, nonsense };

inline constexpr std::chrono::milliseconds kDefaultDelay{1000};
inline constexpr std::chrono::milliseconds kMaxDelay{60000};

struct Fault {
  FaultMode mode = FaultMode::none;
  std::optional<std::uint64_t> count = std::nullopt;  // requests that it still hits; nullopt: all
  std::chrono::milliseconds delay = kDefaultDelay;
};

// {"hub", "mode", "count"?, "milliseconds"?}
struct FaultOrder {
  std::string hub;
  Fault fault;
};
[[nodiscard]] Result<FaultOrder> parse_fault_order(std::string_view body);

// One hub's.
class Faults {
 public:
  void set(const Fault& fault) { fault_ = fault; }
  // The fault that hits this request, counted down.
  [[nodiscard]] Fault next(const http::Request& request);

 private:
  Fault fault_;
};

}  // namespace berth::hub_server
