// One connection between a gateway and the coordinator: bytes arrive in order or not at all, as
// with TCP. A partition holds them back; a reset loses what is on its way.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "shared/base/bytes.hpp"
#include "tools/sim/world.hpp"

namespace berth::sim {

enum class Side : std::uint8_t { gateway, coordinator };

class Wire : public std::enable_shared_from_this<Wire> {
 public:
  using OnBytes = std::function<void(const Bytes&)>;
  using OnClosed = std::function<void()>;

  explicit Wire(World& world) : world_(world) {}

  void listen(Side side, OnBytes on_bytes, OnClosed on_closed);
  void send(Side from, Bytes bytes);
  // This side is gone; the other one hears of it after what was sent before.
  void close(Side side);
  // Both sides lose the connection, each in its own time.
  void reset();
  // A partition: whatever is under way waits.
  void hold() { held_ = true; }
  void release();

 private:
  struct End {
    OnBytes on_bytes;
    OnClosed on_closed;
    bool is_open = false;
    SimTime last_arrival{0};  // at this end
    // What was sent to it, in that order, whatever the order in which arrivals are played.
    std::deque<std::function<void()>> under_way;
    std::size_t held_back = 0;  // arrivals that fell into a partition
  };
  End& end(Side side) { return ends_.at(static_cast<std::size_t>(side)); }
  static Side other(Side side) { return side == Side::gateway ? Side::coordinator : Side::gateway; }
  void arrive(Side at, std::function<void()> what);
  void schedule(Side at);
  void deliver(Side at);

  World& world_;
  std::array<End, 2> ends_;
  bool held_ = false;
};

}  // namespace berth::sim
