#include "shared/runtime/deadline.hpp"

#include <boost/asio/steady_timer.hpp>

namespace berth::runtime {

struct Deadline::State {
  explicit State(const boost::asio::any_io_executor& executor) : timer(executor) {}
  boost::asio::steady_timer timer;
  boost::asio::cancellation_signal signal;
  bool armed = true;
  bool expired = false;
};

Deadline::Deadline(boost::asio::any_io_executor executor, std::chrono::milliseconds timeout,
                   boost::asio::cancellation_state state)
    : state_(std::make_shared<State>(executor)), parent_(state.slot()) {
  if (parent_.is_connected()) {
    parent_.assign([shared = state_](boost::asio::cancellation_type type) {
      if (shared->armed) shared->signal.emit(type);
    });
  }
  state_->timer.expires_after(timeout);
  state_->timer.async_wait([shared = state_](const boost::system::error_code& error) {
    // A handler that was already queued when the await ended must not touch the next one.
    if (error || !shared->armed) return;
    shared->expired = true;
    shared->signal.emit(boost::asio::cancellation_type::terminal);
  });
}

Deadline::~Deadline() {
  state_->armed = false;
  state_->timer.cancel();
  if (parent_.is_connected()) parent_.clear();
}

bool Deadline::expired() const {
  return state_->expired;
}

boost::asio::cancellation_slot Deadline::slot() {
  return state_->signal.slot();
}

Task<void> detail::guarded(Task<void> task) {
  std::exception_ptr failure;
  try {
    co_await std::move(task);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace berth::runtime
