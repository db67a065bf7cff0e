// The signals a server obeys: SIGTERM and SIGINT stop it, SIGHUP reloads its certificates.
#pragma once

#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

namespace berth::runtime {

class Signals {
 public:
  // Both are called on the executor; on_stop at most once, on_reload for every SIGHUP.
  Signals(boost::asio::any_io_executor executor, std::function<void()> on_stop,
          std::function<void()> on_reload);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // No longer listens, so that the loop can run out of work. Done by itself after on_stop.
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the handlers, which may outlive close() by one turn
};

}  // namespace berth::runtime
