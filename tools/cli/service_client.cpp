#include "tools/cli/service_client.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/base/encoding.hpp"
#include "shared/crypto/pem_files.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/domain/model/tenant.hpp"
#include "shared/json/json_text.hpp"
#include "shared/protocol/sas_token.hpp"
#include "shared/runtime/http_client.hpp"
#include "shared/runtime/system.hpp"

namespace berth::cli {
namespace {

constexpr std::chrono::seconds kTimeout{30};
// The az extension's tokens live as long.
constexpr std::int64_t kTokenSeconds = 600;
constexpr std::string_view kApiVersion = "2021-10-01";
constexpr std::size_t kMaxReply = 4 * 1024 * 1024;
constexpr std::size_t kMaxReplyDepth = 64;
// How often a conversation shows how far it is.
constexpr std::chrono::seconds kTick{1};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string(value);
}

Result<std::vector<Bytes>> trusted_certificates(const std::string& named) {
  const std::string from_environment = variable(kCaFileVariable);
  std::string path = named.empty() ? from_environment : named;
  if (path.empty()) path = crypto::kMachineTrustFile;
  auto certificates = crypto::read_certificate_file(path);
  if (!certificates) {
    return Error{certificates.error().code,
                 certificates.error().reason + "; name another CA file with --ca-file"};
  }
  return std::move(*certificates);
}

// What to do about a refusal, by its status.
std::string_view advice(int status) {
  switch (status) {
    case 401:
      return "check the login: its policy's name, key and rights, and this machine's clock "
             "(tenants, sites and gateways need the operator's login)";
    case 404: return "see what there is with the noun's 'list' command";
    case 409: return "change an existing record with 'update'; create takes a new name only";
    case 412: return "somebody changed it meanwhile: look at it again with 'show', then repeat";
    case 413: return "send less at once";
    case 429: return "wait a little and repeat";
    default: return status >= 500 ? "look at the coordinator's log" : "";
  }
}

Error refusal(const http::Response& response) {
  std::string words = "the coordinator answered " + std::to_string(response.status);
  const auto document = json::parse_object(response.body, {kMaxReply, kMaxReplyDepth});
  if (document) {
    const auto message = json::find_string(*document, "message");
    if (message && *message) words += ": " + **message;
  }
  // A conflict tells by itself what stands in the way.
  const bool says_what_to_do = words.find(": Conflict: ") != std::string::npos;
  if (const std::string_view more = advice(response.status); !more.empty() && !says_what_to_do) {
    words += "\n  " + std::string(more);
  }
  return Error{Errc::forbidden, words};
}

// A number of seconds; a date is for other servers.
std::chrono::seconds read_retry_after(std::string_view text) {
  std::uint32_t seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds{failure == std::errc{} ? seconds : 0};
}

Result<Answer> read_answer(const http::Response& response) {
  Answer answer;
  answer.status = response.status;
  answer.retry_after = read_retry_after(response.headers.get("retry-after"));
  if (response.body.empty()) return answer;
  auto body = json::parse(response.body, {kMaxReply, kMaxReplyDepth});
  if (!body) return Error{Errc::malformed, "the coordinator's answer: " + body.error().reason};
  answer.body = std::move(*body);
  return answer;
}

}  // namespace

struct ServiceClient::Impl {
  protocol::ConnectionString login;
  std::unique_ptr<ports::Crypto> crypto = crypto::make_wolfssl_crypto();
  std::unique_ptr<ports::TlsLibrary> tls = crypto::make_wolfssl_tls();
  runtime::SystemClock clock;
  boost::asio::io_context io;
  std::optional<runtime::HttpClient> client;

  std::string authorization() {
    return protocol::make_sas_token(login.host_name, login.key,
                                    unix_seconds(clock.wall()) + kTokenSeconds, login.key_name,
                                    *crypto);
  }

  http::Request make_request(const std::string& method, const std::string& path,
                             const boost::json::value& body) {
    http::Request request;
    request.method = method;
    request.target = path;
    if (!path.starts_with("/berth/")) {
      request.target += path.find('?') == std::string::npos ? '?' : '&';
      request.target += "api-version=";
      request.target += kApiVersion;
    }
    request.headers.set("Authorization", authorization());
    request.headers.set("Accept", "application/json");
    request.headers.set("User-Agent", "berth");
    if (!body.is_null()) {
      request.headers.set("Content-Type", "application/json; charset=utf-8");
      request.body = json::serialize(body);
    }
    return request;
  }

  // One exchange of a conversation; `wake` is told when it is over.
  runtime::Task<> carry(Request request, Conversation& conversation, std::size_t& under_way,
                        boost::asio::steady_timer& wake) {
    http::Request sent = make_request(request.method, request.path, request.body);
    const auto response =
        co_await client->send("https://" + login.host_name, std::move(sent), kTimeout);
    auto answer = response ? read_answer(*response) : Result<Answer>(response.error());
    conversation.answered(request.ticket, std::move(answer), clock.monotonic());
    --under_way;
    wake.cancel();
  }

  runtime::Task<> run_conversation(Conversation& conversation, std::size_t at_once,
                                   boost::asio::steady_timer& wake) {
    const auto raise = [](const std::exception_ptr& failed) {
      if (failed) std::rethrow_exception(failed);
    };
    std::size_t under_way = 0;
    MonotonicTime shown{};
    while (!conversation.is_over() || under_way > 0) {
      const MonotonicTime now = clock.monotonic();
      if (now - shown >= kTick) {
        conversation.tick(now);
        shown = now;
      }
      if (under_way < at_once) {
        if (auto request = conversation.next(now)) {
          ++under_way;
          boost::asio::co_spawn(io, carry(std::move(*request), conversation, under_way, wake),
                                raise);
          continue;
        }
      }
      std::chrono::nanoseconds pause = kTick;
      if (const auto next = conversation.wake(); next && *next > now) {
        pause = std::min(pause, *next - now);
      }
      wake.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(pause));
      co_await wake.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    conversation.tick(clock.monotonic());
  }

  runtime::Task<> fetch(http::Request request, std::optional<Result<http::Response>>& answer) {
    answer = co_await client->send("https://" + login.host_name, std::move(request), kTimeout);
  }

  Result<http::Response> exchange(http::Request request) {
    std::optional<Result<http::Response>> answer;
    // The loop runs until the exchange has ended, so that it may borrow; not until it is out of
    // work, since the client watches the connection that it keeps.
    boost::asio::co_spawn(io, fetch(std::move(request), answer), [](std::exception_ptr failed) {
      if (failed) std::rethrow_exception(failed);
    });
    io.restart();
    while (!answer && io.run_one() > 0) {
    }
    if (!answer) return Error{Errc::internal, "the request was not sent"};
    return std::move(*answer);
  }

  // An answer that is no refusal.
  Result<http::Response> ask(http::Request request) {
    auto response = exchange(std::move(request));
    if (!response) {
      return Error{response.error().code,
                   "the coordinator at " + login.host_name +
                       " cannot be reached: " + response.error().reason +
                       "\n  check the host name, that the coordinator runs, and --ca-file"};
    }
    if (response->status < 200 || response->status >= 300) return refusal(*response);
    return response;
  }
};

Result<ServiceClient> ServiceClient::open(const Login& login) {
  const std::string text =
      login.connection_string.empty() ? variable(kLoginVariable) : login.connection_string;
  if (text.empty()) {
    return Error{Errc::invalid, std::string("no login: give --login, or set ") + kLoginVariable +
                                    ", to HostName=…;SharedAccessKeyName=…;SharedAccessKey=…"};
  }
  auto parsed = protocol::parse_connection_string(text);
  if (!parsed) return Error{Errc::invalid, "the login: " + parsed.error().reason};
  if (parsed->key.empty()) return Error{Errc::invalid, "the login's key is masked"};
  auto trusted = trusted_certificates(login.ca_file);
  if (!trusted) return trusted.error();

  auto impl = std::make_unique<Impl>();
  impl->login = std::move(*parsed);
  ports::TlsClientSettings settings;
  settings.trusted = std::move(*trusted);
  auto context = impl->tls->client(settings);
  if (!context) return context.error();
  impl->client.emplace(impl->io.get_executor(),
                       std::shared_ptr<ports::TlsContext>(std::move(*context)));
  return ServiceClient(std::move(impl));
}

ServiceClient::ServiceClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ServiceClient::ServiceClient(ServiceClient&& other) noexcept = default;
ServiceClient& ServiceClient::operator=(ServiceClient&& other) noexcept = default;
ServiceClient::~ServiceClient() = default;

Result<Reply> ServiceClient::call(const std::string& method, const std::string& path,
                                  const boost::json::value& body, const HeaderList& headers) {
  http::Request request = impl_->make_request(method, path, body);
  for (const auto& [name, value] : headers) request.headers.set(name, value);
  const auto response = impl_->ask(std::move(request));
  if (!response) return response.error();
  Reply reply;
  reply.continuation = std::string(response->headers.get("x-ms-continuation"));
  if (!response->body.empty()) {
    auto parsed = json::parse(response->body, {kMaxReply, kMaxReplyDepth});
    if (!parsed)
      return Error{Errc::malformed, "the coordinator's answer: " + parsed.error().reason};
    reply.body = std::move(*parsed);
  }
  return reply;
}

Result<TextReply> ServiceClient::fetch_text(const std::string& path) {
  http::Request request;
  request.method = "GET";
  request.target = path;
  request.headers.set("Authorization", impl_->authorization());
  request.headers.set("User-Agent", "berth");
  auto response = impl_->ask(std::move(request));
  if (!response) return response.error();
  return TextReply{std::move(response->body),
                   std::string(response->headers.get("x-ms-continuation"))};
}

void ServiceClient::converse(Conversation& conversation, std::size_t at_once) {
  boost::asio::steady_timer wake(impl_->io);
  boost::asio::signal_set signals(impl_->io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& failed, int) {
    if (failed) return;
    conversation.interrupt();
    wake.cancel();
    boost::system::error_code ignored;
    signals.clear(ignored);
  });
  bool is_over = false;
  boost::asio::co_spawn(impl_->io, impl_->run_conversation(conversation, at_once, wake),
                        [&](const std::exception_ptr& failed) {
                          is_over = true;
                          if (failed) std::rethrow_exception(failed);
                        });
  impl_->io.restart();
  while (!is_over && impl_->io.run_one() > 0) {
  }
  // The handler is not to see the conversation any more.
  boost::system::error_code ignored;
  signals.cancel(ignored);
  impl_->io.poll();
}

const protocol::ConnectionString& ServiceClient::login() const {
  return impl_->login;
}

bool ServiceClient::is_operator() const {
  return equals_ignoring_case(impl_->login.key_name, domain::kOperatorKeyName);
}

std::string path_of(std::string_view collection, std::string_view id, std::string_view action) {
  std::string path(collection);
  path += '/';
  path += percent_encode(id);
  if (!action.empty()) {
    path += '/';
    path += action;
  }
  return path;
}

}  // namespace berth::cli
