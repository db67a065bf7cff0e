#include "shared/runtime/broker_client.hpp"

#include <array>
#include <map>
#include <optional>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "shared/base/encoding.hpp"
#include "shared/runtime/deadline.hpp"
#include "shared/runtime/task_group.hpp"
#include "shared/runtime/tls_stream.hpp"

namespace berth::runtime {
namespace {

using boost::asio::steady_timer;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kReadChunk = 16 * 1024;
constexpr std::size_t kClientIdEntropy = 8;
// One reader of the present connection, and those of connections that are just ending.
constexpr std::size_t kMaxReaders = 8;

milliseconds until(steady_clock::time_point end) {
  return std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
}

Error no_answer() {
  return Error{Errc::timed_out, "the broker gave no answer within the deadline"};
}

// Somebody who waits for one answer; woken by cancelling the timer.
struct Waiter {
  steady_timer timer;
  std::optional<Result<hub::dynsec::Answer>> result;
};

struct Connection {
  Connection(std::unique_ptr<TlsStream> stream_, hub::BrokerSession::Login login,
             hub::dynsec::DynamicSecurityCodec& json)
      : stream(std::move(stream_)), session(std::move(login), json) {}

  void deliver() {
    for (auto& [ticket, answer] : session.take_answers()) {
      const auto found = waiters.find(ticket);
      if (found == waiters.end()) continue;
      found->second->result.emplace(std::move(answer));
      found->second->timer.cancel();
      waiters.erase(found);
    }
  }

  void end(const Error& error) {
    if (!ended) ended = error;
    for (const auto& [ticket, waiter] : std::exchange(waiters, {})) {
      waiter->result.emplace(*ended);
      waiter->timer.cancel();
    }
    stream->abort();
  }

  // Whatever is to be sent; those who come while it is sent leave theirs to it.
  Task<void> flush() {
    if (sending || ended) co_return;
    sending = true;
    for (Bytes output = session.take_output(); !output.empty(); output = session.take_output()) {
      const auto written = co_await stream->write_all(output, kBrokerIdleTimeout);
      if (!written) {
        end(Error{Errc::unavailable, written.error().reason});
        break;
      }
    }
    sending = false;
  }

  // Until the connection ends.
  Task<void> read() {
    std::array<std::uint8_t, kReadChunk> chunk{};
    co_await flush();
    while (!ended) {
      const auto count = co_await stream->read_some(chunk, kBrokerIdleTimeout);
      if (!count || *count == 0) {
        end(Error{Errc::unavailable,
                  count ? "the broker closed the connection" : count.error().reason});
        break;
      }
      session.on_bytes(ByteView(chunk.data(), *count));
      deliver();
      if (session.ending()) {
        end(*session.ending());
        break;
      }
      co_await flush();
    }
  }

  std::unique_ptr<TlsStream> stream;
  hub::BrokerSession session;
  std::map<hub::BrokerSession::Ticket, Waiter*> waiters;
  bool sending = false;
  std::optional<Error> ended;
};

}  // namespace

struct BrokerClient::Impl : std::enable_shared_from_this<BrokerClient::Impl> {
  Impl(boost::asio::any_io_executor executor_, std::shared_ptr<ports::TlsContext> context_,
       BrokerAccount account_, ports::Entropy& entropy_, hub::dynsec::DynamicSecurityCodec& json_)
      : executor(std::move(executor_)),
        context(std::move(context_)),
        account(std::move(account_)),
        entropy(entropy_),
        json(json_),
        dialled(executor, steady_timer::time_point::max()),
        readers(executor, kMaxReaders, [](const std::string&) {}) {}

  // The present connection, or another one. Those who come while it is made wait for it.
  Task<Result<std::shared_ptr<Connection>>> connected(steady_clock::time_point end) {
    while (dialling) {
      const auto state = co_await boost::asio::this_coro::cancellation_state;
      Deadline deadline(executor, until(end), state);
      co_await dialled.async_wait(deadline.token());
      if (deadline.expired()) co_return no_answer();
    }
    if (closed) co_return Error{Errc::unavailable, "the way to the broker was closed"};
    if (connection != nullptr && !connection->ended) co_return connection;
    dialling = true;
    const Dialling done{*this};
    auto stream = co_await connect_tls(executor, account.host, account.port, context, until(end),
                                       account.reach);
    if (!stream) co_return stream.error();
    if (closed) co_return Error{Errc::unavailable, "the way to the broker was closed"};
    hub::BrokerSession::Login login;
    login.client_id = account.client_prefix + "-" + to_hex(entropy.bytes(kClientIdEntropy));
    login.user_name = account.user_name;
    login.password = account.password;
    connection = std::make_shared<Connection>(std::move(*stream), std::move(login), json);
    if (!readers.spawn(read(shared_from_this(), connection))) {
      connection->end(Error{Errc::unavailable, "too many connections to the broker are ending"});
      co_return *connection->ended;
    }
    co_return connection;
  }

  static Task<void> read(std::shared_ptr<Impl> self, std::shared_ptr<Connection> connection) {
    // The client may go while its connection is read.
    co_await connection->read();
    if (self->connection == connection) self->connection.reset();
  }

  struct Dialling {
    Impl& of;
    explicit Dialling(Impl& impl) : of(impl) {}
    ~Dialling() {
      of.dialling = false;
      of.dialled.cancel();
    }
  };

  boost::asio::any_io_executor executor;
  std::shared_ptr<ports::TlsContext> context;
  BrokerAccount account;
  ports::Entropy& entropy;
  hub::dynsec::DynamicSecurityCodec& json;
  std::shared_ptr<Connection> connection;  // shared with its reader and with those who wait
  bool dialling = false;
  bool closed = false;
  steady_timer dialled;  // never expires; cancelled when dialling ends
  TaskGroup readers;
};

BrokerClient::BrokerClient(boost::asio::any_io_executor executor,
                           std::shared_ptr<ports::TlsContext> context, BrokerAccount account,
                           ports::Entropy& entropy, hub::dynsec::DynamicSecurityCodec& json)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(context), std::move(account),
                                   entropy, json)) {}

BrokerClient::~BrokerClient() {
  impl_->closed = true;
  if (impl_->connection != nullptr) {
    impl_->connection->end(Error{Errc::unavailable, "the way to the broker was closed"});
  }
  impl_->readers.cancel();
}

Task<Result<hub::dynsec::Answer>> BrokerClient::ask(hub::dynsec::Request request,
                                                    milliseconds timeout) {
  const auto impl = impl_;
  const auto end = steady_clock::now() + timeout;
  const auto connection = co_await impl->connected(end);
  if (!connection) co_return connection.error();
  Connection& at = **connection;
  const auto ticket = at.session.ask(std::move(request));
  if (!ticket) co_return ticket.error();
  Waiter waiter{steady_timer(impl->executor, end), std::nullopt};
  at.waiters.emplace(*ticket, &waiter);
  const struct Leaving {
    Connection& from;
    hub::BrokerSession::Ticket ticket;
    ~Leaving() {
      from.waiters.erase(ticket);
      from.session.forget(ticket);
    }
  } leaving{at, *ticket};
  co_await at.flush();
  if (!waiter.result) {
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    Deadline deadline(impl->executor, until(end), state);
    co_await waiter.timer.async_wait(deadline.token());
  }
  if (!waiter.result) co_return no_answer();
  co_return std::move(*waiter.result);
}

}  // namespace berth::runtime
