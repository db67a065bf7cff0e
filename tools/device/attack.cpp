#include "tools/device/attack.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json.hpp>

#include "shared/base/encoding.hpp"
#include "shared/crypto/pem_files.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/runtime/deadline.hpp"
#include "shared/runtime/plain_engine.hpp"
#include "shared/runtime/system.hpp"
#include "shared/runtime/tls_stream.hpp"
#include "tools/device/answer.hpp"
#include "tools/device/attempts.hpp"
#include "tools/device/conversation.hpp"
#include "tools/device/lies.hpp"
#include "tools/device/output.hpp"

namespace berth::device {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using runtime::Task;
using runtime::TlsStream;
using std::chrono::milliseconds;

constexpr milliseconds kDripInterval{1000};
constexpr std::size_t kShownAnswer = 64;

struct Scene {
  const AttackOptions& options;
  AttackKind kind;
  asio::any_io_executor executor;
  tcp::endpoint target;
  std::optional<asio::ip::address> from;
  std::shared_ptr<ports::TlsContext> tls;
  std::shared_ptr<ports::TlsContext> plain;
  ports::Crypto& crypto;
  std::vector<Lie> lies;
  Deadline end;
  std::size_t next = 0;
  AttackReport report = {};
};

Task<Result<tcp::socket>> dial(Scene& scene) {
  tcp::socket socket(scene.executor);
  boost::system::error_code error;
  socket.open(scene.target.protocol(), error);
  // A reset in place of an orderly end: no port stays behind in TIME_WAIT.
  if (!error) socket.set_option(asio::socket_base::linger(true, 0), error);
  if (!error && scene.from) socket.bind(tcp::endpoint(*scene.from, 0), error);
  if (!error) {
    const auto state = co_await asio::this_coro::cancellation_state;
    runtime::Deadline deadline(scene.executor, left_until(scene.end), state);
    const auto [failed] = co_await socket.async_connect(scene.target, deadline.token());
    error = failed;
  }
  if (error) co_return Error{Errc::unavailable, error.message()};
  co_return std::move(socket);
}

Task<Result<std::unique_ptr<TlsStream>>> connect(Scene& scene,
                                                 std::shared_ptr<ports::TlsContext> context) {
  auto socket = co_await dial(scene);
  if (!socket) co_return socket.error();
  auto stream =
      std::make_unique<TlsStream>(std::move(*socket), context->new_engine(scene.options.address));
  const auto shaken = co_await stream->handshake(left_until(scene.end));
  if (!shaken) co_return shaken.error();
  co_return std::move(stream);
}

std::string not_connected(const Error& error) {
  return "not connected: " + error.reason;
}

// How an answer begins, in a few words.
std::string shown(const std::string& answer) {
  if (answer.empty()) return "";
  if (answer.starts_with("HTTP/1.1 ")) return "status " + answer.substr(9, 3) + ", ";
  return "answered, ";
}

// Reads until the endpoint closes, or `until`.
Task<std::string> await_end(TlsStream& stream, Deadline until, std::string answer = {}) {
  for (;;) {
    std::array<std::uint8_t, 1024> chunk{};
    const auto count = co_await stream.read_some(chunk, left_until(until));
    if (!count && count.error().code == Errc::timed_out) {
      co_return shown(answer) + "held to the end";
    }
    if (!count && std::chrono::steady_clock::now() >= until) {
      co_return shown(answer) + "held to the end";
    }
    if (!count || *count == 0) co_return shown(answer) + "closed";
    if (answer.size() < kShownAnswer) answer.append(as_text(ByteView(chunk.data(), *count)));
  }
}

Task<std::string> stay_half_open(Scene& scene) {
  auto stream = co_await connect(scene, scene.plain);
  if (!stream) co_return not_connected(stream.error());
  co_return co_await await_end(**stream, scene.end);
}

Task<std::string> stay_idle(Scene& scene, Deadline until) {
  auto stream = co_await connect(scene, scene.tls);
  if (!stream) co_return not_connected(stream.error());
  co_return co_await await_end(**stream, until);
}

Task<std::string> drip_handshake(Scene& scene) {
  auto stream = co_await connect(scene, scene.plain);
  if (!stream) co_return not_connected(stream.error());
  const auto engine = scene.tls->new_engine(scene.options.address);
  static_cast<void>(engine->handshake());  // wants to read, having written its first flight
  const Bytes hello = engine->take_output();
  for (const std::uint8_t byte : hello) {
    const auto sent = co_await (*stream)->write_all(ByteView(&byte, 1), left_until(scene.end));
    if (!sent) co_return "closed";
    std::string ended = co_await await_end(
        **stream, std::min(scene.end, std::chrono::steady_clock::now() + kDripInterval));
    if (ended.ends_with("closed")) co_return ended;
    if (std::chrono::steady_clock::now() >= scene.end) break;
  }
  co_return "held to the end";
}

Task<std::string> tell(Scene& scene, const Lie& lie) {
  auto stream = co_await connect(scene, scene.tls);
  if (!stream) co_return not_connected(stream.error());
  auto sent = co_await (*stream)->write_all(lie.bytes, left_until(scene.end));
  std::string answer;
  constexpr milliseconds kGlance{1};
  for (int i = 0; sent && !lie.repeated.empty() && i < kMaxRepeats; ++i) {
    std::array<std::uint8_t, 1024> chunk{};
    const auto count = co_await (*stream)->read_some(chunk, kGlance);
    if (count && *count == 0) co_return shown(answer) + "closed";
    if (count) answer.append(as_text(ByteView(chunk.data(), *count)));
    if (!count && count.error().code != Errc::timed_out) co_return shown(answer) + "closed";
    if (answer.size() >= kShownAnswer) break;
    sent = co_await (*stream)->write_all(lie.repeated, left_until(scene.end));
  }
  if (!sent) co_return shown(answer) + "closed";
  co_return co_await await_end(**stream, scene.end, std::move(answer));
}

Task<std::string> show_bad_credentials(Scene& scene) {
  auto stream = co_await connect(scene, scene.tls);
  if (!stream) co_return not_connected(stream.error());
  Attempt attempt;
  attempt.endpoint.id_scope = scene.options.id_scope;
  attempt.identity.registration_id = scene.options.registration_id;
  attempt.identity.symmetric_key = runtime::SystemEntropy().secret(32);
  attempt.unix_now = unix_seconds(runtime::SystemClock().wall());
  const std::string body = register_body(attempt.identity);
  const std::string request =
      "PUT /" + resource_of(attempt) + "/register?api-version=" + kApiVersion +
      " HTTP/1.1\r\nHost: " + scene.options.address +
      "\r\nConnection: close\r\nAuthorization: " + sas_token(attempt, scene.crypto) +
      "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
      "\r\n\r\n" + body;
  const auto sent = co_await (*stream)->write_all(as_bytes(request), left_until(scene.end));
  if (!sent) co_return "closed";
  co_return co_await await_end(**stream, scene.end);
}

Task<std::string> attempt_once(Scene& scene, std::size_t number) {
  switch (scene.kind) {
    case AttackKind::half_open: return stay_half_open(scene);
    case AttackKind::slow_handshake: return drip_handshake(scene);
    case AttackKind::idle: return stay_idle(scene, scene.end);
    case AttackKind::connection_flood:
      return stay_idle(scene,
                       std::min(scene.end, std::chrono::steady_clock::now() +
                                               milliseconds{scene.options.hold_milliseconds}));
    case AttackKind::http_lengths:
    case AttackKind::deep_json:
    case AttackKind::mqtt_lengths:
    case AttackKind::amqp_lengths:
    case AttackKind::websocket_lengths: return tell(scene, scene.lies[number % scene.lies.size()]);
    case AttackKind::bad_credentials: return show_bad_credentials(scene);
  }
  return stay_idle(scene, scene.end);
}

Task<void> lane(Scene& scene) {
  while (scene.next < scene.options.count && std::chrono::steady_clock::now() < scene.end) {
    const std::size_t number = scene.next++;
    const auto start = std::chrono::steady_clock::now();
    std::string ended = co_await attempt_once(scene, number);
    ++scene.report.attempts;
    scene.report.durations.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - start));
    if (!scene.lies.empty()) ended = scene.lies[number % scene.lies.size()].name + ": " + ended;
    ++scene.report.ends[ended];
  }
}

std::vector<Lie> lies_of(AttackKind kind, const AttackOptions& options) {
  const LiePlace place{options.address, options.id_scope, options.registration_id};
  switch (kind) {
    case AttackKind::http_lengths: return http_lies(place);
    case AttackKind::deep_json: return json_lies(place);
    case AttackKind::mqtt_lengths: return mqtt_lies(place);
    case AttackKind::amqp_lengths: return amqp_lies();
    case AttackKind::websocket_lengths: return web_socket_lies(place);
    case AttackKind::half_open:
    case AttackKind::slow_handshake:
    case AttackKind::idle:
    case AttackKind::connection_flood:
    case AttackKind::bad_credentials: break;
  }
  return {};
}

std::uint16_t port_of(AttackKind kind, const Endpoint& endpoint) {
  switch (kind) {
    case AttackKind::mqtt_lengths: return endpoint.mqtt_port;
    case AttackKind::amqp_lengths: return endpoint.amqp_port;
    case AttackKind::half_open:
    case AttackKind::slow_handshake:
    case AttackKind::idle:
    case AttackKind::connection_flood:
    case AttackKind::http_lengths:
    case AttackKind::deep_json:
    case AttackKind::websocket_lengths:
    case AttackKind::bad_credentials: break;
  }
  return endpoint.https_port;
}

Result<asio::ip::address> loopback_address(const std::string& text) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(text, error);
  if (error) return Error{Errc::malformed, text + " is no address"};
  if (!address.is_loopback()) {
    return Error{Errc::forbidden, text + " is no loopback address: attacks stay on this machine"};
  }
  return address;
}

}  // namespace

Result<AttackReport> run_attack(AttackOptions options) {
  const auto kind = attack_named(options.kind);
  if (!kind) return Error{Errc::invalid, "no attack is called " + options.kind};
  const auto target = loopback_address(options.address);
  if (!target) return target.error();
  std::optional<asio::ip::address> from;
  if (!options.from.empty()) {
    const auto source = loopback_address(options.from);
    if (!source) return source.error();
    from = *source;
  }
  RegisterOptions dev;
  dev.dev_file = options.dev_file;
  const auto read = read_dev_file(dev);
  if (!read) return read.error();
  options.id_scope = dev.id_scope;
  Endpoint endpoint;
  endpoint.https_port = dev.https_port;
  endpoint.mqtt_port = dev.mqtt_port;
  endpoint.amqp_port = dev.amqp_port;
  const std::uint16_t port = options.port != 0 ? options.port : port_of(*kind, endpoint);
  const auto trusted = crypto::read_certificate_file(dev.ca_file);
  if (!trusted) return trusted.error();
  ports::TlsClientSettings settings;
  settings.trusted = *trusted;
  auto tls = crypto::make_wolfssl_tls()->client(settings);
  if (!tls) return tls.error();

  const auto crypto = crypto::make_wolfssl_crypto();
  asio::io_context loop(1);
  Scene scene{options,
              *kind,
              loop.get_executor(),
              tcp::endpoint(*target, port),
              from,
              std::move(*tls),
              runtime::make_plain_context(),
              *crypto,
              lies_of(*kind, options),
              std::chrono::steady_clock::now() + std::chrono::seconds{options.seconds}};
  for (std::size_t i = 0; i < std::min(options.concurrency, options.count); ++i) {
    asio::co_spawn(loop, lane(scene), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  loop.run();
  std::sort(scene.report.durations.begin(), scene.report.durations.end());
  return std::move(scene.report);
}

std::string line_of(const AttackReport& report, const AttackOptions& options) {
  boost::json::object line{{"attack", options.kind}, {"attempts", report.attempts}};
  boost::json::object ends;
  for (const auto& [end, count] : report.ends) ends[end] = count;
  line["ends"] = std::move(ends);
  if (!report.durations.empty()) {
    const auto& all = report.durations;
    line["milliseconds"] = {{"min", whole_milliseconds(all.front())},
                            {"p50", whole_milliseconds(all[all.size() / 2])},
                            {"max", whole_milliseconds(all.back())}};
  }
  return boost::json::serialize(line);
}

const std::vector<AttackKind>& all_attacks() {
  static const std::vector<AttackKind> all{
      AttackKind::half_open,        AttackKind::slow_handshake, AttackKind::idle,
      AttackKind::connection_flood, AttackKind::http_lengths,   AttackKind::deep_json,
      AttackKind::mqtt_lengths,     AttackKind::amqp_lengths,   AttackKind::websocket_lengths,
      AttackKind::bad_credentials};
  return all;
}

std::string_view name_of(AttackKind kind) {
  switch (kind) {
    case AttackKind::half_open: return "half-open";
    case AttackKind::slow_handshake: return "slow-handshake";
    case AttackKind::idle: return "idle";
    case AttackKind::connection_flood: return "connection-flood";
    case AttackKind::http_lengths: return "http-lengths";
    case AttackKind::deep_json: return "deep-json";
    case AttackKind::mqtt_lengths: return "mqtt-lengths";
    case AttackKind::amqp_lengths: return "amqp-lengths";
    case AttackKind::websocket_lengths: return "websocket-lengths";
    case AttackKind::bad_credentials: return "bad-credentials";
  }
  return "";
}

std::string_view meaning_of(AttackKind kind) {
  switch (kind) {
    case AttackKind::half_open: return "connects and says nothing";
    case AttackKind::slow_handshake: return "sends a byte of the TLS handshake in a second";
    case AttackKind::idle: return "shakes hands and says nothing";
    case AttackKind::connection_flood: return "shakes hands, holds for a while, and comes again";
    case AttackKind::http_lengths: return "requests whose lengths lie, or that never end";
    case AttackKind::deep_json: return "bodies that nest, or are too long";
    case AttackKind::mqtt_lengths: return "MQTT packets whose lengths lie";
    case AttackKind::amqp_lengths: return "AMQP frames whose lengths lie";
    case AttackKind::websocket_lengths: return "WebSocket frames whose lengths lie";
    case AttackKind::bad_credentials: return "registers under an ID with a key that is not its own";
  }
  return "";
}

std::optional<AttackKind> attack_named(std::string_view name) {
  for (const AttackKind kind : all_attacks()) {
    if (name_of(kind) == name) return kind;
  }
  return std::nullopt;
}

}  // namespace berth::device
