// The installer's page: what works and what does not, in plain words. No scripts, no secrets.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/timestamp.hpp"

namespace berth::gateway {

struct HubState {
  std::string host_name;
  std::optional<std::chrono::microseconds> latency;
};

struct TenantState {
  std::string id_scope;
  bool has_records = false;  // a snapshot was received
  bool linked = false;
  std::optional<WallTime> permit_expiry;
  std::uint64_t new_devices = 0;       // accepted without contact
  std::uint64_t new_device_quota = 0;  // of the permit
  std::vector<HubState> hubs;
};

struct GatewayState {
  std::string gateway_id;  // empty: not joined
  std::string coordinator;
  std::string trouble;  // why the coordinator is not reached; empty: it is
  bool clock_is_behind = false;
  std::string device_endpoint;  // empty: not serving
  std::size_t waiting_outcomes = 0;
  WallTime now{};
  std::vector<TenantState> tenants;
};

// What stands between this gateway and serving devices; empty: it serves.
[[nodiscard]] std::string readiness(const GatewayState& state);

[[nodiscard]] std::string status_page(const GatewayState& state);

}  // namespace berth::gateway
