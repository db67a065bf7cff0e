#include "shared/runtime/tls_listener.hpp"

#include <exception>
#include <map>
#include <optional>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/runtime/task_group.hpp"

namespace berth::runtime {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using ReusePort = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// When the process or the system is out of descriptors, accepting again at once would only spin.
constexpr std::chrono::milliseconds kPauseAfterFailedAccept{100};

constexpr auto kToken =
    boost::asio::as_tuple(boost::asio::use_awaitable_t<boost::asio::any_io_executor>{});

Error cannot_bind(const std::string& address, std::uint16_t port, const error_code& error) {
  return Error{Errc::io, "cannot listen on " + address + " port " + std::to_string(port) + ": " +
                             error.message()};
}

}  // namespace

struct TlsListener::Impl : std::enable_shared_from_this<TlsListener::Impl> {
  Impl(boost::asio::any_io_executor executor, std::shared_ptr<ports::TlsContext> context_,
       const ListenerLimits& limits_, Session session_, OnError on_error_)
      : acceptor(executor),
        context(std::move(context_)),
        limits(limits_),
        session(std::move(session_)),
        on_error(std::move(on_error_)),
        // One more for the accept loop.
        tasks(executor, capacity(limits_) + 1,
              [report = on_error](const std::string& what) { report("", what); }) {}

  // Connections that were told to make room are still counted here until they have ended.
  static std::size_t capacity(const ListenerLimits& limits) {
    return limits.gate ? 2 * limits.gate->max() : limits.max_connections;
  }

  error_code listen(const tcp::endpoint& endpoint, bool reuse_port) {
    error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (error) return error;
    acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (error) return error;
    if (reuse_port) {
      acceptor.set_option(ReusePort(true), error);
      if (error) return error;
    }
    acceptor.bind(endpoint, error);
    if (error) return error;
    acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
    if (error) return error;
    port = acceptor.local_endpoint(error).port();
    return error;
  }

  static Task<void> accept_loop(std::shared_ptr<Impl> self) {
    boost::asio::steady_timer pause(self->acceptor.get_executor());
    while (self->acceptor.is_open()) {
      auto [error, socket] = co_await self->acceptor.async_accept(kToken);
      if (!self->acceptor.is_open()) co_return;
      if (error) {
        self->on_error("", "cannot accept: " + error.message());
        pause.expires_after(kPauseAfterFailedAccept);
        co_await pause.async_wait(kToken);
        continue;
      }
      self->begin(std::move(socket));
    }
  }

  void begin(tcp::socket socket) {
    if (streams.size() >= capacity(limits)) {
      refuse(socket);
      return;
    }
    auto stream =
        std::make_unique<TlsStream>(std::move(socket), context->new_engine(std::string{}));
    std::optional<ConnectionGate::Place> place;
    if (limits.gate) {
      place = limits.gate->admit(stream->remote_network(), shed_of(last_number + 1));
      if (!place) {
        on_error(stream->remote_address(), "closed: all places are taken");
        return;
      }
    }
    tasks.spawn(serve(shared_from_this(), ++last_number, std::move(stream), std::move(place)));
  }

  // The socket closes: a peer over the limit learns so at once, and costs no handshake.
  void refuse(const tcp::socket& socket) {
    error_code ignored;
    const std::string address = socket.remote_endpoint(ignored).address().to_string();
    on_error(address, "closed: " + std::to_string(streams.size()) + " connections are the limit");
  }

  // Called by the gate from any thread, while the connection has its place there.
  ConnectionGate::Shed shed_of(std::uint64_t number) {
    return [weak = weak_from_this(), number, executor = acceptor.get_executor()] {
      boost::asio::post(executor, [weak, number] {
        const auto self = weak.lock();
        if (!self) return;
        const auto found = self->streams.find(number);
        if (found != self->streams.end()) found->second->abort();
      });
    };
  }

  // Takes the connection off the list, however its coroutine ends.
  struct Entry {
    Entry(Impl& impl_, std::uint64_t number_, TlsStream* stream) : impl(impl_), number(number_) {
      impl.streams.emplace(number, stream);
    }
    ~Entry() { impl.streams.erase(number); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    Impl& impl;
    std::uint64_t number;
  };

  static Task<void> serve(std::shared_ptr<Impl> self, std::uint64_t number,
                          std::unique_ptr<TlsStream> stream,
                          std::optional<ConnectionGate::Place> place) {
    const Entry entry(*self, number, stream.get());
    if (place) stream->on_vouched([&place] { place->vouch(); });
    const auto shaken = co_await stream->handshake(self->limits.handshake_timeout);
    if (!shaken) {
      if (!self->stopped) self->on_error(stream->remote_address(), shaken.error().reason);
      co_return;
    }
    std::string thrown;
    try {
      co_await self->session(*stream);
    } catch (const std::exception& error) {
      thrown = error.what();
    }
    if (self->stopped) co_return;
    if (!thrown.empty()) self->on_error(stream->remote_address(), thrown);
    co_await stream->close();
  }

  void stop() {
    if (stopped) return;
    stopped = true;
    error_code ignored;
    acceptor.close(ignored);
    for (const auto& [number, stream] : streams) stream->abort();
    tasks.cancel();
  }

  tcp::acceptor acceptor;
  std::uint16_t port = 0;
  std::shared_ptr<ports::TlsContext> context;  // engines keep what they need of a replaced one
  ListenerLimits limits;
  Session session;
  OnError on_error;
  // By number; owned by their coroutines, which outlive their entry here.
  std::map<std::uint64_t, TlsStream*> streams;
  std::uint64_t last_number = 0;
  bool stopped = false;
  TaskGroup tasks;
};

Result<std::unique_ptr<TlsListener>> TlsListener::bind(
    boost::asio::any_io_executor executor, const std::string& address, std::uint16_t port,
    std::shared_ptr<ports::TlsContext> context, const ListenerLimits& limits, Session session,
    OnError on_error, bool reuse_port) {
  error_code error;
  const auto parsed = boost::asio::ip::make_address(address, error);
  if (error) return cannot_bind(address, port, error);
  auto impl = std::make_shared<Impl>(std::move(executor), std::move(context), limits,
                                     std::move(session), std::move(on_error));
  error = impl->listen(tcp::endpoint(parsed, port), reuse_port);
  if (error) return cannot_bind(address, port, error);
  return std::unique_ptr<TlsListener>(new TlsListener(std::move(impl)));
}

TlsListener::TlsListener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

TlsListener::~TlsListener() {
  stop();
}

void TlsListener::start() {
  impl_->tasks.spawn(Impl::accept_loop(impl_));
}

void TlsListener::stop() {
  impl_->stop();
}

void TlsListener::replace_context(std::shared_ptr<ports::TlsContext> context) {
  impl_->context = std::move(context);
}

std::uint16_t TlsListener::port() const {
  return impl_->port;
}

std::size_t TlsListener::connections() const {
  return impl_->streams.size();
}

}  // namespace berth::runtime
