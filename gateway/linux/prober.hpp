// Measures the latency of every linked hub: the time a TCP connection to its probe address takes,
// smoothed (design section 3.5). One prober serves all shards.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "gateway/core/limits.hpp"
#include "gateway/core/ports/probe.hpp"
#include "shared/domain/allocation/geo_latency.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/runtime/reach.hpp"
#include "shared/runtime/task.hpp"

namespace berth::gateway {

class Prober final : public Probe {
 public:
  using Hubs = std::function<std::vector<domain::LinkedHub>()>;

  explicit Prober(Hubs hubs, std::chrono::milliseconds timeout = kProbeTimeout)
      : hubs_(std::move(hubs)), timeout_(timeout) {}

  // From any thread.
  [[nodiscard]] std::optional<std::chrono::microseconds> latency(
      const domain::HubId& hub) const override;

  // Probes all hubs, again and again, until it is cancelled.
  [[nodiscard]] runtime::Task<void> run(boost::asio::any_io_executor executor,
                                        std::chrono::seconds interval, runtime::Reach reach);

 private:
  runtime::Task<void> probe(boost::asio::any_io_executor executor, domain::LinkedHub hub,
                            const runtime::Reach& reach);

  Hubs hubs_;
  const std::chrono::milliseconds timeout_;
  mutable std::mutex mutex_;
  std::map<domain::HubId, domain::SmoothedLatency> latencies_;
};

// Where a hub is probed: its probe address, or else its registry's.
struct ProbeAddress {
  std::string host;
  std::uint16_t port = 443;
};
[[nodiscard]] ProbeAddress probe_address(const domain::LinkedHub& hub);

}  // namespace berth::gateway
