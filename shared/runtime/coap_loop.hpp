// Drives a libcoap context from an Asio loop: its epoll descriptor, and a timer for what it wants
// to repeat or let go of. The context is for the one thread that runs the executor.
#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>

struct coap_context_t;

namespace berth::runtime {

class CoapLoop {
 public:
  // `context` outlives the loop.
  CoapLoop(boost::asio::any_io_executor executor, coap_context_t& context);
  // Leaves the context alone from now on.
  ~CoapLoop();
  CoapLoop(const CoapLoop&) = delete;
  CoapLoop& operator=(const CoapLoop&) = delete;

  // To be called after something was sent: the next repetition may be due earlier.
  void rearm();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with handlers that are under way
};

}  // namespace berth::runtime
