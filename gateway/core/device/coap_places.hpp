// Who has one of the DTLS sessions that there are for CoAP, and who makes room when all are taken.
// Only somebody who has shown a cookie asks, so that his address is his own.
//
// Datagrams can wait: a device repeats its handshake by itself. So a newcomer finds its place later
// rather than in the place of a device that is between two requests:
// - whoever has been silent for longer than it is spared gives way, the longest silent first;
// - else somebody of the network that holds most, if it holds more than the newcomer's then would;
// - else the newcomer waits.
// Who has a request under way never gives way.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "shared/base/timestamp.hpp"

namespace berth::gateway {

class CoapPlaces {
 public:
  using Number = std::uint64_t;

  CoapPlaces(std::size_t max, std::chrono::nanoseconds spared) : max_(max), spared_(spared) {}

  struct Entry {
    Number number = 0;
    std::optional<Number> gives_way;  // has lost its place, and is to be ended
  };
  // nullopt: the newcomer waits. `network`: an IPv4 address, or an IPv6 host's /64.
  [[nodiscard]] std::optional<Entry> enter(const std::string& network, MonotonicTime now);
  void leave(Number number) { places_.erase(number); }

  void heard(Number number, MonotonicTime now);
  void set_at_work(Number number, bool is_at_work);

  [[nodiscard]] std::size_t size() const { return places_.size(); }

 private:
  struct Place {
    std::string network;
    MonotonicTime last_heard{};
    bool is_at_work = false;
  };
  using Places = std::map<Number, Place>;
  // The one that makes room for a newcomer from there.
  [[nodiscard]] Places::const_iterator who_makes_room(const std::string& network,
                                                      MonotonicTime now) const;

  std::size_t max_;
  std::chrono::nanoseconds spared_;
  Places places_;
  Number last_number_ = 0;
};

}  // namespace berth::gateway
