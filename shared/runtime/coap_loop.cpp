#include "shared/runtime/coap_loop.hpp"

#include <algorithm>
#include <chrono>
#include <coap3/coap.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace berth::runtime {
namespace {

// libcoap says 0 for "nothing is due"; sessions time out all the same.
constexpr std::chrono::milliseconds kLongestPause{1000};

}  // namespace

struct CoapLoop::State : std::enable_shared_from_this<CoapLoop::State> {
  State(const boost::asio::any_io_executor& executor, coap_context_t& context_)
      : context(context_),
        descriptor(executor, coap_context_get_coap_fd(&context_)),
        timer(executor) {}

  void wait() {
    descriptor.async_wait(boost::asio::posix::descriptor_base::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& failed) {
                            if (failed || self->stopped) return;
                            self->process();
                            self->wait();
                          });
  }

  void process() {
    coap_io_process(&context, COAP_IO_NO_WAIT);
    if (!stopped) arm();
  }

  void arm() {
    coap_tick_t now = 0;
    coap_ticks(&now);
    const std::chrono::milliseconds due{coap_io_prepare_epoll(&context, now)};
    timer.expires_after(due.count() == 0 ? kLongestPause : std::min(due, kLongestPause));
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& failed) {
      if (!failed && !self->stopped) self->process();
    });
  }

  coap_context_t& context;
  boost::asio::posix::stream_descriptor descriptor;
  boost::asio::steady_timer timer;
  bool stopped = false;
};

CoapLoop::CoapLoop(boost::asio::any_io_executor executor, coap_context_t& context)
    : state_(std::make_shared<State>(executor, context)) {
  state_->wait();
  state_->arm();
}

CoapLoop::~CoapLoop() {
  state_->stopped = true;
  // At once, not when the last handler goes: the descriptor is the context's, which may end now,
  // and its number is then somebody else's.
  state_->descriptor.release();
  state_->timer.cancel();
}

void CoapLoop::rearm() {
  state_->arm();
}

}  // namespace berth::runtime
