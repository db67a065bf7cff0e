#include "gateway/linux/prober.hpp"

#include <charconv>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/runtime/deadline.hpp"
#include "shared/runtime/dial.hpp"

namespace berth::gateway {

ProbeAddress probe_address(const domain::LinkedHub& hub) {
  ProbeAddress address{hub.probe_host, hub.probe_port == 0 ? std::uint16_t{443} : hub.probe_port};
  constexpr std::string_view kScheme = "https://";
  std::string_view url = hub.registry_url;
  if (!url.starts_with(kScheme)) return address;
  url.remove_prefix(kScheme.size());
  url = url.substr(0, url.find('/'));
  // "[::1]:443", "host:443" or "host".
  const std::size_t bracket = url.find(']');
  const std::size_t colon = url.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (address.host.empty()) {
    address.host = bracket == std::string_view::npos ? std::string(url.substr(0, colon))
                                                     : std::string(url.substr(1, bracket - 1));
  }
  if (hub.probe_port == 0 && colon != std::string_view::npos) {
    const std::string_view digits = url.substr(colon + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  }
  return address;
}

std::optional<std::chrono::microseconds> Prober::latency(const domain::HubId& hub) const {
  const std::lock_guard lock(mutex_);
  const auto found = latencies_.find(hub);
  return found == latencies_.end() ? std::nullopt : found->second.value();
}

runtime::Task<void> Prober::run(boost::asio::any_io_executor executor,
                                std::chrono::seconds interval) {
  boost::asio::steady_timer timer(executor);
  for (;;) {
    for (domain::LinkedHub& hub : hubs_()) {
      co_await probe(executor, std::move(hub));
    }
    timer.expires_after(interval);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

runtime::Task<void> Prober::probe(boost::asio::any_io_executor executor, domain::LinkedHub hub) {
  const ProbeAddress address = probe_address(hub);
  const auto start = std::chrono::steady_clock::now();
  auto dialled = runtime::dial(executor, address.host, address.port);
  const auto connected = co_await runtime::within(std::move(dialled), kProbeTimeout);
  if (!connected) co_return;
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  const std::lock_guard lock(mutex_);
  latencies_[hub.hub_id].add(took);
}

}  // namespace berth::gateway
