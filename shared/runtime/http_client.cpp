#include "shared/runtime/http_client.hpp"

#include <array>
#include <charconv>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>

#include "shared/base/encoding.hpp"
#include "shared/runtime/deadline.hpp"
#include "shared/runtime/tls_stream.hpp"

namespace berth::runtime {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kReadChunk = 16 * 1024;
constexpr std::size_t kMaxResponseHeader = 64 * 1024;
constexpr std::uint16_t kHttpsPort = 443;

struct Origin {
  std::string host;  // to dial and to check: no brackets
  std::uint16_t port = kHttpsPort;
  std::string authority;  // the Host field
};

std::optional<Origin> parse_origin(std::string_view text) {
  constexpr std::string_view kScheme = "https://";
  if (!text.starts_with(kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  Origin origin;
  origin.authority = std::string(text);
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) return std::nullopt;
    if (!rest.empty()) port = rest.substr(1);
    if (!rest.empty() && port.empty()) return std::nullopt;
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (port.empty()) return std::nullopt;
  }
  if (host.empty() || host.find_first_of("/?#@ \r\n") != std::string_view::npos) {
    return std::nullopt;
  }
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), origin.port);
    if (error != std::errc{} || end != port.data() + port.size() || origin.port == 0) {
      return std::nullopt;
    }
  }
  origin.host = std::string(host);
  return origin;
}

bool has_line_end(std::string_view text) {
  return text.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos;
}

// RFC 9112: what would forge a line of the request never leaves.
bool fit_to_send(const http::Request& request) {
  if (request.method.empty() || has_line_end(request.method)) return false;
  if (request.target.find_first_of(std::string_view{" \r\n\0", 4}) != std::string::npos) {
    return false;
  }
  for (const auto& [name, value] : request.headers.all()) {
    if (has_line_end(name) || has_line_end(value)) return false;
  }
  return true;
}

Result<std::string> wire_form(const Origin& origin, const http::Request& request) {
  if (!fit_to_send(request)) {
    return Error{Errc::invalid, "the request has a line end where none may be"};
  }
  beast_http::request<beast_http::string_body> message;
  message.version(11);
  message.method_string(request.method);
  message.target(request.target.empty() ? "/" : request.target);
  message.set("Host", origin.authority);
  for (const auto& [name, value] : request.headers.all()) message.set(name, value);
  message.body() = request.body;
  message.prepare_payload();
  beast_http::request_serializer<beast_http::string_body> serializer(message);
  std::string wire;
  error_code error;
  while (!error && !serializer.is_done()) {
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
  if (error) return Error{Errc::internal, "cannot write the request: " + error.message()};
  return wire;
}

struct Received {
  http::Response response;
  bool reusable = false;
};

class Exchange {
 public:
  Exchange(TlsStream& stream, std::size_t max_response, steady_clock::time_point end)
      : stream_(stream), max_response_(max_response), end_(end) {}

  [[nodiscard]] bool any_byte() const { return any_byte_; }

  Task<Result<Received>> run(const std::string& wire, bool head_only) {
    const auto written = co_await stream_.write_all(as_bytes(wire), left());
    if (!written) co_return written.error();
    for (;;) {
      auto received = co_await read_response(head_only);
      if (!received) co_return received.error();
      // RFC 9110 section 15.2: any number of interim responses comes before the final one.
      const int status = received->response.status;
      if (status >= 200) co_return std::move(received);
      if (status == 101) co_return Error{Errc::malformed, "an upgrade that nobody asked for"};
    }
  }

 private:
  using ResponseParser = beast_http::response_parser<beast_http::string_body>;

  [[nodiscard]] milliseconds left() const {
    return std::chrono::duration_cast<milliseconds>(end_ - steady_clock::now());
  }

  Task<Result<Received>> read_response(bool head_only) {
    ResponseParser parser;
    parser.header_limit(kMaxResponseHeader);
    parser.body_limit(max_response_);
    parser.skip(head_only);
    parser.eager(true);
    while (!parser.is_done()) {
      error_code error;
      const std::size_t used =
          pending_.empty() ? 0 : parser.put(boost::asio::buffer(pending_), error);
      pending_.erase(0, used);
      if (error && error != beast_http::error::need_more) co_return failure(error);
      if (parser.is_done()) break;
      if (used != 0 && !error && !pending_.empty()) continue;
      if (pending_.size() > kMaxResponseHeader) {
        co_return Error{Errc::malformed, "a line of the response has no end"};
      }
      const auto received = co_await receive();
      if (!received) co_return received.error();
      if (*received != 0) continue;
      // A body without a length ends where the connection does (RFC 9112 section 6.3).
      if (parser.got_some()) parser.put_eof(error);
      if (error || !parser.is_done()) {
        co_return Error{Errc::unavailable, "the server closed the connection"};
      }
    }
    Received received;
    received.reusable = parser.keep_alive() && pending_.empty();
    auto& message = parser.get();
    received.response.status = static_cast<int>(message.result_int());
    for (const auto& field : message) {
      std::string name(field.name_string());
      // Headers keeps one field of a name, and that is the first (see Headers::get).
      if (!received.response.headers.has(name)) {
        received.response.headers.set(std::move(name), std::string(field.value()));
      }
    }
    received.response.body = std::move(message.body());
    co_return received;
  }

  Task<Result<std::size_t>> receive() {
    if (left().count() <= 0) co_return Error{Errc::timed_out, "no answer within the deadline"};
    const auto received = co_await stream_.read_some(chunk_, left());
    if (received && *received != 0) {
      any_byte_ = true;
      pending_.append(as_text(ByteView(chunk_.data(), *received)));
    }
    co_return received;
  }

  Error failure(const error_code& error) const {
    if (error == beast_http::error::body_limit || error == beast_http::error::header_limit) {
      return Error{Errc::too_large,
                   "the response is over " + std::to_string(max_response_) + " bytes"};
    }
    return Error{Errc::malformed, "not an HTTP response: " + error.message()};
  }

  TlsStream& stream_;
  std::size_t max_response_;
  steady_clock::time_point end_;
  std::string pending_;
  bool any_byte_ = false;
  std::array<std::uint8_t, kReadChunk> chunk_{};
};

}  // namespace

struct HttpClient::Impl : std::enable_shared_from_this<HttpClient::Impl> {
  struct Idle {
    std::unique_ptr<TlsStream> stream;
    steady_clock::time_point since;
  };

  Impl(boost::asio::any_io_executor executor_, std::shared_ptr<ports::TlsContext> context_,
       const HttpClientLimits& limits_)
      : executor(std::move(executor_)),
        context(std::move(context_)),
        limits(limits_),
        purge_timer(executor) {}

  std::unique_ptr<TlsStream> take_idle(const std::string& origin) {
    purge();
    const auto found = idle.find(origin);
    if (found == idle.end()) return nullptr;
    // The youngest is the likeliest to be still open.
    auto stream = std::move(found->second.back().stream);
    found->second.pop_back();
    if (found->second.empty()) idle.erase(found);
    return stream;
  }

  void keep(const std::string& origin, std::unique_ptr<TlsStream> stream) {
    if (closed || limits.max_idle == 0) return;
    auto& kept = idle[origin];
    if (kept.size() == limits.max_idle) kept.pop_front();
    kept.push_back({std::move(stream), steady_clock::now()});
    if (!purging) purge_later();
  }

  void purge() {
    const auto oldest = steady_clock::now() - limits.idle_timeout;
    for (auto at = idle.begin(); at != idle.end();) {
      auto& kept = at->second;
      while (!kept.empty() && kept.front().since <= oldest) kept.pop_front();
      at = kept.empty() ? idle.erase(at) : std::next(at);
    }
  }

  void purge_later() {
    purging = true;
    purge_timer.expires_after(limits.idle_timeout);
    purge_timer.async_wait([weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (!self) return;
      self->purging = false;
      if (error) return;
      self->purge();
      if (!self->idle.empty()) self->purge_later();
    });
  }

  void close() {
    closed = true;
    idle.clear();
    purge_timer.cancel();
  }

  static Task<Result<http::Response>> send(std::shared_ptr<Impl> self, std::string origin_text,
                                           http::Request request, milliseconds timeout) {
    const auto end = steady_clock::now() + timeout;
    const auto origin = parse_origin(origin_text);
    if (!origin) co_return Error{Errc::invalid, "not an https origin: " + origin_text};
    const auto wire = wire_form(*origin, request);
    if (!wire) co_return wire.error();
    const bool head_only = request.method == "HEAD";

    if (auto kept = self->take_idle(origin_text)) {
      Exchange exchange(*kept, self->limits.max_response, end);
      auto received = co_await exchange.run(*wire, head_only);
      if (received) co_return self->finish(origin_text, std::move(kept), std::move(*received));
      // A server may close an idle connection at any time. Nothing came back, so it was closed
      // before it answered anything; a new connection decides.
      if (exchange.any_byte() || received.error().code != Errc::unavailable) {
        co_return received.error();
      }
    }
    const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
    auto stream = co_await connect_tls(self->executor, origin->host, origin->port, self->context,
                                       left, self->limits.reach);
    if (!stream) co_return stream.error();
    Exchange exchange(**stream, self->limits.max_response, end);
    auto received = co_await exchange.run(*wire, head_only);
    if (!received) co_return received.error();
    co_return self->finish(origin_text, std::move(*stream), std::move(*received));
  }

  http::Response finish(const std::string& origin, std::unique_ptr<TlsStream> stream,
                        Received&& received) {
    if (received.reusable) keep(origin, std::move(stream));
    return std::move(received.response);
  }

  boost::asio::any_io_executor executor;
  std::shared_ptr<ports::TlsContext> context;
  HttpClientLimits limits;
  std::map<std::string, std::deque<Idle>> idle;  // by origin; the oldest first
  boost::asio::steady_timer purge_timer;
  bool purging = false;
  bool closed = false;
};

HttpClient::HttpClient(boost::asio::any_io_executor executor,
                       std::shared_ptr<ports::TlsContext> context, const HttpClientLimits& limits)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(context), limits)) {}

HttpClient::~HttpClient() {
  close();
}

void HttpClient::close() {
  impl_->close();
}

Task<Result<http::Response>> HttpClient::send(std::string origin, http::Request request,
                                              milliseconds timeout) {
  return Impl::send(impl_, std::move(origin), std::move(request), timeout);
}

}  // namespace berth::runtime
