// One limit on the connections of many listeners, shared fairly. When it is reached, a newcomer
// takes the place of somebody: of the source address that holds the most connections nobody has
// vouched for, the oldest of them. A device needs its connection for a moment until it is attested;
// who floods wants to hold. So a device that comes is always let in, and what it costs falls on
// whoever holds most. A connection that was vouched for gives way only if its address holds more
// than the newcomer's would.
//
// Thread-safe: listeners on several executors share one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace berth::runtime {

class ConnectionGate {
 public:
  // Ends a connection that has to make room. Called on the newcomer's thread, with the gate locked:
  // it posts, and does nothing else.
  using Shed = std::function<void()>;

  // A connection's place; it is free again when this goes.
  class Place {
   public:
    Place(ConnectionGate& gate, std::uint64_t number) : gate_(&gate), number_(number) {}
    Place(Place&& other) noexcept : gate_(other.gate_), number_(other.number_) {
      other.gate_ = nullptr;
    }
    Place& operator=(Place&& other) noexcept {
      std::swap(gate_, other.gate_);
      std::swap(number_, other.number_);
      return *this;
    }
    ~Place();

    // Its peer has proved who it is: it no longer makes room for strangers.
    void vouch();

   private:
    ConnectionGate* gate_;  // null: moved from
    std::uint64_t number_;
  };

  explicit ConnectionGate(std::size_t max_connections) : max_(max_connections) {}
  ConnectionGate(const ConnectionGate&) = delete;
  ConnectionGate& operator=(const ConnectionGate&) = delete;

  // A place for a connection from `source`. nullopt if it is full and nobody has to make room.
  [[nodiscard]] std::optional<Place> admit(const std::string& source, Shed shed);

  // Connections that have a place. One that was told to make room has lost its own.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::uint64_t shed_count() const;
  [[nodiscard]] std::size_t max() const { return max_; }

 private:
  struct Connection {
    std::string source;
    Shed shed;
  };
  // By number, and numbers grow: the first is the oldest.
  struct Source {
    std::set<std::uint64_t> strangers;
    std::set<std::uint64_t> vouched;
  };

  void leave(std::uint64_t number);
  void take_off(const std::string& source, std::uint64_t number);
  void vouch(std::uint64_t number);
  [[nodiscard]] std::optional<std::uint64_t> who_makes_room(const std::string& newcomer) const;

  const std::size_t max_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Connection> connections_;
  std::map<std::string, Source> sources_;
  std::uint64_t last_number_ = 0;
  std::uint64_t shed_ = 0;
};

}  // namespace berth::runtime
