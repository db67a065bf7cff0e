#include "shared/runtime/signals.hpp"

#include <csignal>
#include <utility>

#include <boost/asio/signal_set.hpp>

namespace berth::runtime {

struct Signals::State : std::enable_shared_from_this<Signals::State> {
  State(boost::asio::any_io_executor executor, std::function<void()> on_stop_,
        std::function<void()> on_reload_)
      : set(executor, SIGTERM, SIGINT, SIGHUP),
        on_stop(std::move(on_stop_)),
        on_reload(std::move(on_reload_)) {}

  void wait() {
    set.async_wait([self = shared_from_this()](const boost::system::error_code& error, int number) {
      if (error) return;
      if (number == SIGHUP) {
        self->on_reload();
        self->wait();
        return;
      }
      self->close();
      self->on_stop();
    });
  }

  void close() {
    boost::system::error_code ignored;
    set.clear(ignored);
    set.cancel(ignored);
  }

  boost::asio::signal_set set;
  std::function<void()> on_stop;
  std::function<void()> on_reload;
};

Signals::Signals(boost::asio::any_io_executor executor, std::function<void()> on_stop,
                 std::function<void()> on_reload)
    : state_(
          std::make_shared<State>(std::move(executor), std::move(on_stop), std::move(on_reload))) {
  state_->wait();
}

Signals::~Signals() {
  close();
}

void Signals::close() {
  state_->close();
}

}  // namespace berth::runtime
