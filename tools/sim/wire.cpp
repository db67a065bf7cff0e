#include "tools/sim/wire.hpp"

#include <algorithm>

namespace berth::sim {

void Wire::listen(Side side, OnBytes on_bytes, OnClosed on_closed) {
  End& own = end(side);
  own.on_bytes = std::move(on_bytes);
  own.on_closed = std::move(on_closed);
  own.is_open = true;
}

void Wire::arrive(Side at, std::function<void()> what) {
  end(at).under_way.push_back(std::move(what));
  schedule(at);
}

void Wire::schedule(Side at) {
  End& own = end(at);
  own.last_arrival = std::max(own.last_arrival, world_.scheduler.now() + world_.latency());
  world_.scheduler.at(own.last_arrival, [self = shared_from_this(), at] { self->deliver(at); });
}

void Wire::deliver(Side at) {
  End& own = end(at);
  if (held_) {
    ++own.held_back;
    return;
  }
  const auto what = std::move(own.under_way.front());
  own.under_way.pop_front();
  what();
}

void Wire::send(Side from, Bytes bytes) {
  if (!end(from).is_open) return;
  const Side to = other(from);
  arrive(to, [this, to, bytes = std::move(bytes)] {
    if (end(to).is_open) end(to).on_bytes(bytes);
  });
}

void Wire::close(Side side) {
  if (!end(side).is_open) return;
  end(side).is_open = false;
  const Side to = other(side);
  arrive(to, [this, to] {
    if (std::exchange(end(to).is_open, false)) end(to).on_closed();
  });
}

void Wire::reset() {
  for (const Side side : {Side::gateway, Side::coordinator}) {
    world_.scheduler.after(world_.latency(), [self = shared_from_this(), side] {
      if (std::exchange(self->end(side).is_open, false)) self->end(side).on_closed();
    });
  }
}

void Wire::release() {
  if (!std::exchange(held_, false)) return;
  for (const Side side : {Side::gateway, Side::coordinator}) {
    // What is still under way comes behind what was held back.
    for (auto left = std::exchange(end(side).held_back, 0); left > 0; --left) schedule(side);
  }
}

}  // namespace berth::sim
