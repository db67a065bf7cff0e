#include "tools/dev/control.hpp"

#include <exception>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "shared/runtime/task.hpp"

namespace berth::dev {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

void on_end(const std::exception_ptr& failure) {
  // A caller that went away is told nothing.
  static_cast<void>(failure);
}

}  // namespace

struct ControlServer::Impl {
  Impl(asio::any_io_executor where, Handler what)
      : executor(where), acceptor(where), handler(std::move(what)) {}

  static runtime::Task<void> accept_all(std::shared_ptr<Impl> self) {
    while (self->acceptor.is_open()) {
      error_code failed;
      stream_protocol::socket socket =
          co_await self->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, failed));
      if (!failed) asio::co_spawn(self->executor, serve(self, std::move(socket)), on_end);
    }
  }

  static runtime::Task<void> serve(std::shared_ptr<Impl> self, stream_protocol::socket socket) {
    std::string line;
    const std::size_t length = co_await asio::async_read_until(
        socket, asio::dynamic_buffer(line, kMaxControlLine), '\n', asio::use_awaitable);
    line.resize(length - 1);
    auto start = [self](auto handler, std::string words) {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      self->handler(std::move(words), [shared](std::string answer) {
        const auto executor = asio::get_associated_executor(*shared);
        asio::post(executor, [shared, answer = std::move(answer)]() mutable {
          std::move (*shared)(std::move(answer));
        });
      });
    };
    std::string answer =
        co_await asio::async_initiate<const asio::use_awaitable_t<asio::any_io_executor>&,
                                      void(std::string)>(std::move(start), asio::use_awaitable,
                                                         std::move(line));
    answer += '\n';
    co_await asio::async_write(socket, asio::buffer(answer), asio::use_awaitable);
  }

  asio::any_io_executor executor;
  stream_protocol::acceptor acceptor;
  Handler handler;
};

ControlServer::ControlServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlServer::~ControlServer() {
  stop();
}

Result<std::unique_ptr<ControlServer>> ControlServer::listen(asio::any_io_executor executor,
                                                             const std::filesystem::path& socket,
                                                             Handler handler) {
  if (control(socket, "ping")) {
    return Error{Errc::conflict, "another `berth dev` runs in " + socket.parent_path().string() +
                                     "; stop it first"};
  }
  std::error_code ignored;
  std::filesystem::remove(socket, ignored);
  auto impl = std::make_shared<Impl>(executor, std::move(handler));
  try {
    const stream_protocol::endpoint endpoint(socket.string());
    impl->acceptor.open(endpoint.protocol());
    impl->acceptor.bind(endpoint);
    impl->acceptor.listen();
  } catch (const std::exception& error) {
    return Error{Errc::io, socket.string() + ": " + error.what()};
  }
  asio::co_spawn(executor, Impl::accept_all(impl), on_end);
  return std::unique_ptr<ControlServer>(new ControlServer(std::move(impl)));
}

void ControlServer::stop() {
  error_code ignored;
  impl_->acceptor.close(ignored);
}

Result<std::string> control(const std::filesystem::path& socket, const std::string& line) {
  asio::io_context loop;
  stream_protocol::socket connection(loop);
  try {
    connection.connect(stream_protocol::endpoint(socket.string()));
    asio::write(connection, asio::buffer(line + "\n"));
    std::string answer;
    const std::size_t length =
        asio::read_until(connection, asio::dynamic_buffer(answer, 64 * kMaxControlLine), '\n');
    answer.resize(length - 1);
    return answer;
  } catch (const std::exception& error) {
    return Error{Errc::unavailable, "no `berth dev` answers in " + socket.parent_path().string() +
                                        " (" + error.what() + ")"};
  }
}

}  // namespace berth::dev
