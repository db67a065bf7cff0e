// The gateway's traffic to hubs' registries, of all shards and of clean-up together: who sends a
// request waits for a turn (gateway/core/pacing). Hubs are told apart by their registry's address,
// so that tenants which link the same hub share its limit.
//
// Any thread may ask; each coroutine goes on where it asked.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/core/pacing/hub_turns.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/clock.hpp"
#include "shared/runtime/task.hpp"

namespace berth::gateway {

class HubTraffic {
 public:
  // The alarm rings on `executor`. Both outlive this, and this outlives whoever asks.
  HubTraffic(boost::asio::any_io_executor executor, ports::Clock& clock)
      : executor_(executor), clock_(clock), alarm_(executor) {}
  HubTraffic(const HubTraffic&) = delete;
  HubTraffic& operator=(const HubTraffic&) = delete;

  struct Place {
    std::string registry_url;
    domain::IdScope tenant;
    TurnKind kind = TurnKind::device;
    std::uint32_t requests_per_minute = 0;
  };

  // The right to one request; it ends with this object.
  class Turn {
   public:
    Turn(HubTraffic& traffic, std::string registry_url)
        : traffic_(&traffic), registry_url_(std::move(registry_url)) {}
    Turn(Turn&& other) noexcept
        : traffic_(std::exchange(other.traffic_, nullptr)),
          registry_url_(std::move(other.registry_url_)),
          end_(other.end_) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (traffic_ != nullptr) traffic_->done(registry_url_, end_);
    }
    // The hub asked to be left alone, for so long if it said.
    void throttled(std::optional<std::chrono::seconds> retry_after) { end_ = {true, retry_after}; }

   private:
    HubTraffic* traffic_;
    std::string registry_url_;
    TurnEnd end_;
  };

  // Errc::throttled if too many wait already.
  [[nodiscard]] runtime::Task<Result<Turn>> turn(Place place);
  // On the executor: no alarm rings any more.
  void stop();

  // Hubs that something is remembered of.
  [[nodiscard]] std::size_t hubs();

 private:
  struct Wait {
    boost::asio::steady_timer timer;  // never expires; cancelled when it is granted
    bool granted = false;             // under the mutex
  };
  // Leaves the queue, or gives the turn back, if the coroutine ends before it took it.
  struct Waiting;

  void done(const std::string& registry_url, const TurnEnd& end);
  [[nodiscard]] bool is_granted(const Wait& wait);
  void abandon(const std::string& registry_url, HubTurns::Ticket ticket);
  // Under the mutex.
  void grant(HubTurns& turns);
  void forget_idle();
  // On the executor.
  void arm();
  void ring();

  boost::asio::any_io_executor executor_;
  ports::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, HubTurns> hubs_;
  // Shared with the coroutine that waits, which may end first.
  std::map<HubTurns::Ticket, std::shared_ptr<Wait>> waits_;
  HubTurns::Ticket last_ticket_ = 0;
  std::optional<MonotonicTime> rings_at_;
  boost::asio::steady_timer alarm_;  // on the executor only
};

}  // namespace berth::gateway
