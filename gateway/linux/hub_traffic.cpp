#include "gateway/linux/hub_traffic.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/core/limits.hpp"

namespace berth::gateway {

namespace asio = boost::asio;

struct HubTraffic::Waiting {
  HubTraffic& traffic;
  const std::string& registry_url;
  HubTurns::Ticket ticket;
  bool taken = false;
  ~Waiting() {
    if (!taken) traffic.abandon(registry_url, ticket);
  }
};

runtime::Task<Result<HubTraffic::Turn>> HubTraffic::turn(Place place) {
  const auto executor = co_await asio::this_coro::executor;
  const auto wait = std::make_shared<Wait>(
      Wait{asio::steady_timer(executor, asio::steady_timer::time_point::max())});
  bool granted = false;
  HubTurns::Ticket ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!hubs_.contains(place.registry_url)) forget_idle();
    HubTurns& turns = hubs_[place.registry_url];
    turns.set_limit(place.tenant, place.requests_per_minute, clock_.monotonic());
    ticket = ++last_ticket_;
    if (!turns.wait(ticket, place.tenant, place.kind)) {
      co_return Error{Errc::throttled, "too many requests wait for their turn"};
    }
    waits_.emplace(ticket, wait);
    grant(turns);
    granted = wait->granted;
  }
  Waiting waiting{*this, place.registry_url, ticket};
  while (!granted) {
    co_await wait->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto state = co_await asio::this_coro::cancellation_state;
    granted = is_granted(*wait);
    if (!granted && state.cancelled() != asio::cancellation_type::none) {
      co_return Error{Errc::unavailable, "the gateway is stopping"};
    }
  }
  waiting.taken = true;
  co_return Turn(*this, place.registry_url);
}

bool HubTraffic::is_granted(const Wait& wait) {
  const std::lock_guard lock(mutex_);
  return wait.granted;
}

void HubTraffic::abandon(const std::string& registry_url, HubTurns::Ticket ticket) {
  bool had_turn = false;
  {
    const std::lock_guard lock(mutex_);
    // Its ticket is passed over when its turn comes.
    had_turn = waits_.erase(ticket) == 0;
  }
  if (had_turn) done(registry_url, {});
}

void HubTraffic::done(const std::string& registry_url, const TurnEnd& end) {
  const std::lock_guard lock(mutex_);
  HubTurns& turns = hubs_[registry_url];
  turns.done(end, clock_.monotonic());
  grant(turns);
}

void HubTraffic::grant(HubTurns& turns) {
  const MonotonicTime now = clock_.monotonic();
  for (auto due = turns.due(now); !due.empty(); due = turns.due(now)) {
    for (const HubTurns::Ticket ticket : due) {
      const auto found = waits_.find(ticket);
      if (found == waits_.end()) {
        turns.done({}, now);
        continue;
      }
      found->second->granted = true;
      asio::post(found->second->timer.get_executor(),
                 [wait = found->second] { wait->timer.cancel(); });
      waits_.erase(found);
    }
  }
  const auto wake = turns.next_wake(now);
  if (!wake || (rings_at_ && *rings_at_ <= *wake)) return;
  rings_at_ = *wake;
  asio::post(executor_, [this] { arm(); });
}

void HubTraffic::forget_idle() {
  if (hubs_.size() < kMaxIdleHubs) return;
  const MonotonicTime now = clock_.monotonic();
  std::erase_if(hubs_, [now](const auto& hub) { return hub.second.idle(now); });
}

void HubTraffic::arm() {
  std::optional<MonotonicTime> at;
  {
    const std::lock_guard lock(mutex_);
    at = rings_at_;
  }
  if (!at) return;
  alarm_.expires_after(std::max(MonotonicTime{0}, *at - clock_.monotonic()));
  alarm_.async_wait([this](const boost::system::error_code& failed) {
    if (!failed) ring();
  });
}

void HubTraffic::ring() {
  const std::lock_guard lock(mutex_);
  rings_at_.reset();
  for (auto& [url, turns] : hubs_) grant(turns);
}

std::size_t HubTraffic::hubs() {
  const std::lock_guard lock(mutex_);
  return hubs_.size();
}

void HubTraffic::stop() {
  alarm_.cancel();
}

}  // namespace berth::gateway
