// The wire between a development gateway and its coordinator: a TCP relay that can be cut and
// restored without either side being stopped.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "shared/base/result.hpp"

namespace berth::dev {

class Relay {
 public:
  // Listens on 127.0.0.1 at a free port.
  static Result<std::unique_ptr<Relay>> start(boost::asio::any_io_executor executor,
                                              const std::string& target_address,
                                              std::uint16_t target_port);
  ~Relay();

  // Off: every connection is dropped, and new ones are closed at once.
  void set_online(bool online);
  void stop();
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct Impl;
  explicit Relay(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with the connections' coroutines
};

}  // namespace berth::dev
