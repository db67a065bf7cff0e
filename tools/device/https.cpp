#include "tools/device/https.hpp"

#include <utility>

#include "shared/base/encoding.hpp"
#include "tools/device/answer.hpp"
#include "tools/device/conversation.hpp"
#include "tools/device/tpm_attestation.hpp"

namespace berth::device {
namespace {

std::string origin_of(const Endpoint& endpoint) {
  const bool is_ipv6 = endpoint.host.find(':') != std::string::npos;
  return "https://" + (is_ipv6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" +
         std::to_string(endpoint.https_port);
}

class HttpsConversation final : public Conversation {
 public:
  HttpsConversation(const Attempt& attempt, runtime::HttpClient& client, ports::Crypto& crypto)
      : attempt_(attempt),
        client_(client),
        origin_(origin_of(attempt.endpoint)),
        token_(attempt.identity.symmetric_key ? sas_token(attempt, crypto) : "") {}

  runtime::Task<Result<Reply>> ask(std::string operation_id, Deadline deadline) override {
    auto reply = co_await ask_once(operation_id, deadline);
    if (!reply || !attempt_.identity.tpm || !token_.empty()) co_return reply;
    // A TPM asks without a token first, to be told what to sign it with.
    const auto challenge = read_tpm_challenge(reply->status, reply->body);
    if (!challenge) co_return reply;
    auto token = answer_tpm_challenge(attempt_, *challenge);
    if (!token) co_return token.error();
    token_ = std::move(*token);
    co_return co_await ask_once(operation_id, deadline);
  }

 private:
  runtime::Task<Result<Reply>> ask_once(const std::string& operation_id, Deadline deadline) {
    http::Request request = request_for(operation_id);
    auto response = co_await client_.send(origin_, std::move(request), left_until(deadline));
    if (!response) co_return response.error();
    Reply reply;
    reply.status = response->status;
    reply.retry_after = std::string(response->headers.get("Retry-After"));
    reply.body = std::move(response->body);
    co_return reply;
  }

  http::Request request_for(const std::string& operation_id) const {
    http::Request request;
    request.target = "/" + attempt_.endpoint.id_scope + "/registrations/" +
                     percent_encode(attempt_.identity.registration_id);
    if (operation_id.empty()) {
      request.method = "PUT";
      request.target += "/register";
      request.body = register_body(attempt_.identity);
      request.headers.set("Content-Type", "application/json; charset=utf-8");
    } else {
      request.method = "GET";
      request.target += "/operations/" + percent_encode(operation_id);
    }
    request.target += "?api-version=" + percent_encode(attempt_.api_version);
    if (operation_id.empty() && attempt_.force) request.target += "&forceRegistration=true";
    request.headers.set("Accept", "application/json");
    request.headers.set("User-Agent", kUserAgent);
    if (!token_.empty()) request.headers.set("Authorization", token_);
    return request;
  }

  const Attempt& attempt_;
  runtime::HttpClient& client_;
  std::string origin_;
  std::string token_;
};

}  // namespace

runtime::Task<Result<Outcome>> HttpsTransport::register_device(Attempt attempt) {
  const Deadline deadline = std::chrono::steady_clock::now() + attempt.timeout;
  if (!services_.keep_connection || client_ == nullptr || context_ != attempt.tls) {
    context_ = attempt.tls;
    client_ = std::make_unique<runtime::HttpClient>(services_.executor, context_);
  }
  HttpsConversation conversation(attempt, *client_, services_.crypto);
  auto outcome = co_await converse(conversation, deadline);
  if (!services_.keep_connection) client_.reset();
  if (outcome) outcome = take_identity_key(attempt, std::move(*outcome));
  co_return std::move(outcome);
}

}  // namespace berth::device
