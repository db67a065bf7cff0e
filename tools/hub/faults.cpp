#include "tools/hub/faults.hpp"

#include "shared/json/json_text.hpp"

namespace berth::hub_server {
namespace {

constexpr json::TextLimits kOrderLimits{4096, 4};
constexpr std::uint64_t kMaxCount = 1000000;

std::optional<FaultMode> parse_mode(std::string_view text) {
  if (text == "none") return FaultMode::none;
  if (text == "throttle") return FaultMode::throttle;
  if (text == "down") return FaultMode::down;
  if (text == "slow") return FaultMode::slow;
  if (text == "full") return FaultMode::full;
  if (text == "unauthorized") return FaultMode::unauthorized;
  if (text == "nonsense") return FaultMode::nonsense;
  return std::nullopt;
}

// Whether the request may make a device.
bool may_create(const http::Request& request) {
  http::Target target;
  if (!http::parse_target(request.target, target)) return false;
  const auto& segments = target.segments;
  if (segments.empty() || segments[0] != "devices") return false;
  if (request.method == "POST") return segments.size() == 1;
  return request.method == "PUT" && segments.size() == 2 && !request.headers.has("If-Match");
}

}  // namespace

Result<FaultOrder> parse_fault_order(std::string_view body) {
  const auto parsed = json::parse_object(body, kOrderLimits);
  if (!parsed) return parsed.error();
  const auto hub = json::find_string(*parsed, "hub");
  if (!hub) return hub.error();
  const auto mode_text = json::find_string(*parsed, "mode");
  if (!mode_text) return mode_text.error();
  const auto count = json::find_number(*parsed, "count", kMaxCount);
  if (!count) return count.error();
  const auto delay =
      json::find_number(*parsed, "milliseconds", static_cast<std::uint64_t>(kMaxDelay.count()));
  if (!delay) return delay.error();
  const auto mode = parse_mode(mode_text->value_or(""));
  if (!*hub || !mode) {
    return Error{Errc::invalid,
                 "hub and mode (throttle, down, slow, full, unauthorized, nonsense or none) must "
                 "be there"};
  }
  FaultOrder order;
  order.hub = **hub;
  order.fault.mode = *mode;
  order.fault.count = *count;
  if (*delay) order.fault.delay = std::chrono::milliseconds(**delay);
  return order;
}

Fault Faults::next(const http::Request& request) {
  if (fault_.mode == FaultMode::none) return fault_;
  if (fault_.mode == FaultMode::full && !may_create(request)) return Fault{};
  if (fault_.count) {
    if (*fault_.count == 0) {
      fault_ = Fault{};
      return fault_;
    }
    --*fault_.count;
  }
  return fault_;
}

}  // namespace berth::hub_server
