#include "gateway/linux/prober.hpp"

#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/protocol/hub/registry_address.hpp"
#include "shared/runtime/deadline.hpp"
#include "shared/runtime/dial.hpp"

namespace berth::gateway {

ProbeAddress probe_address(const domain::LinkedHub& hub) {
  ProbeAddress address{hub.probe_host, hub.probe_port == 0 ? hub::kHttpsPort : hub.probe_port};
  const auto registry = hub::registry_address(hub.registry_url);
  if (!registry) return address;
  if (address.host.empty()) address.host = registry->host;
  if (hub.probe_port == 0) address.port = registry->port;
  return address;
}

std::optional<std::chrono::microseconds> Prober::latency(const domain::HubId& hub) const {
  const std::lock_guard lock(mutex_);
  const auto found = latencies_.find(hub);
  return found == latencies_.end() ? std::nullopt : found->second.value();
}

runtime::Task<void> Prober::run(boost::asio::any_io_executor executor,
                                std::chrono::seconds interval, runtime::Reach reach) {
  boost::asio::steady_timer timer(executor);
  for (;;) {
    for (domain::LinkedHub& hub : hubs_()) {
      co_await probe(executor, std::move(hub), reach);
    }
    timer.expires_after(interval);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

runtime::Task<void> Prober::probe(boost::asio::any_io_executor executor, domain::LinkedHub hub,
                                  const runtime::Reach& reach) {
  const ProbeAddress address = probe_address(hub);
  const auto start = std::chrono::steady_clock::now();
  auto dialled = runtime::dial(executor, address.host, address.port, reach);
  const auto connected = co_await runtime::within(std::move(dialled), timeout_);
  if (!connected) co_return;
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  const std::lock_guard lock(mutex_);
  latencies_[hub.hub_id].add(took);
}

}  // namespace berth::gateway
