#include "shared/runtime/http_server.hpp"

#include <array>
#include <ctime>
#include <exception>
#include <optional>
#include <utility>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>

#include "shared/base/encoding.hpp"
#include "shared/runtime/plain_engine.hpp"
#include "shared/runtime/tls_listener.hpp"

namespace berth::runtime {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using std::chrono::milliseconds;

constexpr std::size_t kReadChunk = 4 * 1024;
constexpr std::size_t kMaxPlainConnections = 64;
constexpr const char* kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// RFC 9110 section 5.6.7.
std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  const std::size_t size =
      std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

// RFC 9110 section 5.5: a value with a line end would forge further fields.
bool fit_to_send(const http::Headers& headers) {
  for (const auto& [name, value] : headers.all()) {
    for (const char c : name + value) {
      if (c == '\r' || c == '\n' || c == '\0') return false;
    }
  }
  return true;
}

bool may_have_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

// What reading one request ended with.
struct Incoming {
  int refused = 0;      // a status to refuse with, or 0
  bool closed = false;  // nothing more to say to this peer
  bool keep_alive = false;
  unsigned version = 11;
  http::Request request;
};

class Connection {
 public:
  Connection(TlsStream& stream, const HttpLimits& limits) : stream_(stream), limits_(limits) {}

  Task<Incoming> read_request() {
    RequestParser parser;
    // One past the limit, since the size of the head is compared below.
    parser.header_limit(static_cast<std::uint32_t>(limits_.max_header + 1));
    parser.body_limit(limits_.max_body);
    Incoming incoming;
    std::size_t head_size = 0;
    std::optional<std::chrono::steady_clock::time_point> begun;
    if (!pending_.empty()) begun = std::chrono::steady_clock::now();
    while (!parser.is_done()) {
      if (pending_.empty() || starved_) {
        milliseconds left = has_served_ ? limits_.idle_timeout : limits_.first_timeout;
        if (begun) {
          left = limits_.header_timeout - std::chrono::duration_cast<milliseconds>(
                                              std::chrono::steady_clock::now() - *begun);
          if (left.count() <= 0) {
            incoming.refused = 408;
            co_return incoming;
          }
        }
        const auto received = co_await receive(left);
        if (!received) {
          incoming.closed = !begun || received.error().code != Errc::timed_out;
          if (!incoming.closed) incoming.refused = 408;
          co_return incoming;
        }
        if (*received == 0) {
          incoming.closed = true;
          co_return incoming;
        }
        if (!begun) begun = std::chrono::steady_clock::now();
      }
      const bool in_head = !parser.is_header_done();
      parser.eager(!in_head);
      error_code error;
      const std::size_t used = parser.put(boost::asio::buffer(pending_), error);
      pending_.erase(0, used);
      starved_ = error == beast_http::error::need_more || (!error && used == 0);
      if (in_head) head_size += used;
      const std::size_t rest = parser.is_header_done() ? 0 : pending_.size();
      if (error && error != beast_http::error::need_more) {
        incoming.refused = status_for(error);
      } else if (in_head && head_size + rest > limits_.max_header) {
        incoming.refused = 431;
      } else if (starved_ && pending_.size() > limits_.max_header) {
        incoming.refused = 400;  // a chunk header or trailer without end
      }
      if (incoming.refused != 0) co_return incoming;
      if (in_head && parser.is_header_done() && expects_continue(parser)) {
        const auto said = co_await stream_.write_all(as_bytes(kContinue), limits_.write_timeout);
        if (!said) {
          incoming.closed = true;
          co_return incoming;
        }
      }
    }
    starved_ = false;
    has_served_ = true;
    incoming.keep_alive = parser.keep_alive();
    incoming.version = parser.get().version();
    take(parser.get(), incoming.request);
    co_return incoming;
  }

  // What was received behind the request.
  [[nodiscard]] ByteView ahead() const { return as_bytes(pending_); }

  // The form of an answer that the request asked for.
  struct Form {
    unsigned version = 11;
    bool keep_alive = false;
    bool head_only = false;
  };

  Task<bool> write_response(http::Response response, Form form) {
    beast_http::response<beast_http::string_body> message;
    message.version(form.version);
    message.result(static_cast<unsigned>(response.status));
    for (auto& [name, value] : response.headers.all()) message.set(name, value);
    message.set("Date", http_date());
    message.keep_alive(form.keep_alive);
    if (may_have_body(response.status)) {
      message.body() = std::move(response.body);
      message.prepare_payload();
    }
    beast_http::response_serializer<beast_http::string_body> serializer(message);
    serializer.split(form.head_only);
    std::string wire;
    error_code error;
    while (!error && !(form.head_only ? serializer.is_header_done() : serializer.is_done())) {
      serializer.next(error, [&](error_code&, const auto& buffers) {
        std::size_t size = 0;
        for (auto at = boost::asio::buffer_sequence_begin(buffers);
             at != boost::asio::buffer_sequence_end(buffers); ++at) {
          const boost::asio::const_buffer part(*at);
          wire.append(static_cast<const char*>(part.data()), part.size());
          size += part.size();
        }
        serializer.consume(size);
      });
    }
    if (error) co_return false;
    const auto written = co_await stream_.write_all(as_bytes(wire), limits_.write_timeout);
    co_return written.has_value();
  }

 private:
  using RequestParser = beast_http::request_parser<beast_http::string_body>;

  Task<Result<std::size_t>> receive(milliseconds timeout) {
    const auto received = co_await stream_.read_some(chunk_, timeout);
    if (received) pending_.append(as_text(ByteView(chunk_.data(), *received)));
    co_return received;
  }

  static int status_for(const error_code& error) {
    if (error == beast_http::error::body_limit) return 413;
    if (error == beast_http::error::header_limit) return 431;
    return 400;
  }

  static bool expects_continue(const RequestParser& parser) {
    const auto value = parser.get()[beast_http::field::expect];
    return equals_ignoring_case({value.data(), value.size()}, "100-continue") && !parser.is_done();
  }

  static void take(beast_http::request<beast_http::string_body>& from, http::Request& into) {
    into.method = std::string(from.method_string());
    into.target = std::string(from.target());
    for (const auto& field : from) {
      std::string name(field.name_string());
      // Headers keeps one field of a name, and that is the first (see Headers::get).
      if (!into.headers.has(name)) into.headers.set(std::move(name), std::string(field.value()));
    }
    into.body = std::move(from.body());
  }

  TlsStream& stream_;
  const HttpLimits& limits_;
  std::string pending_;   // received, not parsed
  bool starved_ = false;  // the parser can't go on with what is pending
  bool has_served_ = false;
  std::array<std::uint8_t, kReadChunk> chunk_{};
};

Task<http::Response> answer(const HttpHandler& handler, const HttpRefusal& refuse,
                            http::Request request) {
  try {
    http::Response response = co_await handler(std::move(request));
    if (fit_to_send(response.headers)) co_return response;
  } catch (const boost::system::system_error& error) {
    if (error.code() == boost::asio::error::operation_aborted) throw;  // we are being stopped
  } catch (const std::exception&) {
    // Answered below: the peer learns that it was us, and not why.
  }
  co_return refuse(500);
}

http::Response plain_refusal(int status) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", "text/plain");
  response.body = std::to_string(status) + "\n";
  return response;
}

}  // namespace

Task<void> serve_http(TlsStream& stream, HttpLimits limits, HttpHandler handler, HttpRefusal refuse,
                      HttpUpgrade upgrade) {
  Connection connection(stream, limits);
  for (;;) {
    Incoming incoming = co_await connection.read_request();
    if (incoming.closed) co_return;
    if (incoming.refused != 0) {
      const Connection::Form form;
      const bool written = co_await connection.write_response(refuse(incoming.refused), form);
      // It may still be sending the rest.
      if (written) co_await stream.linger_and_close();
      co_return;
    }
    if (upgrade) {
      auto session = upgrade(incoming.request, connection.ahead());
      if (session) {
        co_await std::move(*session);
        co_return;
      }
    }
    Connection::Form form;
    form.version = incoming.version;
    form.head_only = incoming.request.method == "HEAD";
    http::Response response = co_await answer(handler, refuse, std::move(incoming.request));
    form.keep_alive =
        incoming.keep_alive && !equals_ignoring_case(response.headers.get("Connection"), "close");
    const bool written = co_await connection.write_response(std::move(response), form);
    if (!written || !form.keep_alive) co_return;
  }
}

struct PlainHttpListener::Impl {
  std::unique_ptr<TlsListener> listener;
};

Result<std::unique_ptr<PlainHttpListener>> PlainHttpListener::bind(
    boost::asio::any_io_executor executor, const std::string& address, std::uint16_t port,
    HttpHandler handler) {
  auto impl = std::make_unique<Impl>();
  ListenerLimits listener_limits;
  listener_limits.max_connections = kMaxPlainConnections;
  auto session = [served = std::move(handler)](TlsStream& stream) {
    return serve_http(stream, HttpLimits{}, served, plain_refusal);
  };
  auto listener =
      TlsListener::bind(std::move(executor), address, port, make_plain_context(), listener_limits,
                        std::move(session), [](const std::string&, const std::string&) {});
  if (!listener) return listener.error();
  impl->listener = std::move(listener).value();
  return std::unique_ptr<PlainHttpListener>(new PlainHttpListener(std::move(impl)));
}

PlainHttpListener::PlainHttpListener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

PlainHttpListener::~PlainHttpListener() = default;

void PlainHttpListener::start() {
  impl_->listener->start();
}

void PlainHttpListener::stop() {
  impl_->listener->stop();
}

std::uint16_t PlainHttpListener::port() const {
  return impl_->listener->port();
}

}  // namespace berth::runtime
