#include "tools/dev/relay.hpp"

#include <array>
#include <exception>
#include <set>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "shared/runtime/task.hpp"

namespace berth::dev {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

struct Connection {
  explicit Connection(tcp::socket from, const asio::any_io_executor& executor)
      : near(std::move(from)), far(executor) {}
  tcp::socket near;
  tcp::socket far;

  void close() {
    error_code ignored;
    near.close(ignored);
    far.close(ignored);
  }
};

void on_end(const std::exception_ptr& failure) {
  // A relayed connection ends when either side does; there is nobody to tell.
  static_cast<void>(failure);
}

runtime::Task<void> pump(std::shared_ptr<Connection> connection, bool outward) {
  tcp::socket& from = outward ? connection->near : connection->far;
  tcp::socket& to = outward ? connection->far : connection->near;
  std::array<char, 16384> buffer{};
  error_code failed;
  while (!failed) {
    const std::size_t count = co_await from.async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, failed));
    if (failed) break;
    co_await asio::async_write(to, asio::buffer(buffer.data(), count),
                               asio::redirect_error(asio::use_awaitable, failed));
  }
  connection->close();
}

}  // namespace

struct Relay::Impl {
  Impl(asio::any_io_executor where, tcp::endpoint to)
      : executor(where), acceptor(where), target(std::move(to)) {}

  static runtime::Task<void> accept_all(std::shared_ptr<Impl> self) {
    while (self->acceptor.is_open()) {
      error_code failed;
      tcp::socket near =
          co_await self->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, failed));
      if (failed || !self->online) continue;
      auto connection = std::make_shared<Connection>(std::move(near), self->executor);
      std::erase_if(self->open, [](const auto& weak) { return weak.expired(); });
      self->open.insert(connection);
      asio::co_spawn(self->executor, join(self, connection), on_end);
    }
  }

  static runtime::Task<void> join(std::shared_ptr<Impl> self,
                                  std::shared_ptr<Connection> connection) {
    error_code failed;
    co_await connection->far.async_connect(self->target,
                                           asio::redirect_error(asio::use_awaitable, failed));
    if (failed || !self->online) {
      connection->close();
      co_return;
    }
    asio::co_spawn(self->executor, pump(connection, true), on_end);
    co_await pump(connection, false);
  }

  void drop_all() {
    for (const auto& weak : open) {
      if (const auto connection = weak.lock()) connection->close();
    }
    open.clear();
  }

  asio::any_io_executor executor;
  tcp::acceptor acceptor;
  tcp::endpoint target;
  bool online = true;
  std::set<std::weak_ptr<Connection>, std::owner_less<>> open;
};

Relay::Relay(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Relay::~Relay() {
  stop();
}

Result<std::unique_ptr<Relay>> Relay::start(asio::any_io_executor executor,
                                            const std::string& target_address,
                                            std::uint16_t target_port) {
  error_code failed;
  const auto address = asio::ip::make_address(target_address, failed);
  if (failed) return Error{Errc::invalid, target_address + " is no IP address"};
  auto impl = std::make_shared<Impl>(executor, tcp::endpoint(address, target_port));
  const tcp::endpoint here(asio::ip::address_v4::loopback(), 0);
  impl->acceptor.open(here.protocol(), failed);
  if (!failed) impl->acceptor.bind(here, failed);
  if (!failed) impl->acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) return Error{Errc::io, "the relay can't listen: " + failed.message()};
  asio::co_spawn(executor, Impl::accept_all(impl), on_end);
  return std::unique_ptr<Relay>(new Relay(std::move(impl)));
}

void Relay::set_online(bool online) {
  impl_->online = online;
  if (!online) impl_->drop_all();
}

void Relay::stop() {
  error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->drop_all();
}

std::uint16_t Relay::port() const {
  return impl_->acceptor.local_endpoint().port();
}

}  // namespace berth::dev
