#include "tools/device/coap.hpp"

#include <array>
#include <coap3/coap.h>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/crypto/openssl/dtls_client.hpp"
#include "shared/domain/attestation/pre_shared_key.hpp"
#include "shared/runtime/coap_loop.hpp"
#include "tools/device/answer.hpp"
#include "tools/device/conversation.hpp"

namespace berth::device {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable_t<asio::any_io_executor>{});
constexpr std::uint8_t kJson = 50;  // the Content-Format of application/json

struct FreeContext {
  void operator()(coap_context_t* context) const { coap_free_context(context); }
};
struct ReleaseSession {
  void operator()(coap_session_t* session) const { coap_session_release(session); }
};
struct DeleteOptions {
  void operator()(coap_optlist_t* list) const { coap_delete_optlist(list); }
};

const std::uint8_t* bytes_of(const std::string& text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

// Options by number, as libcoap wants them before it writes a message.
class Options {
 public:
  void add(coap_option_num_t number, const std::string& value) {
    add(number, bytes_of(value), value.size());
  }
  void add(coap_option_num_t number, std::uint8_t value) { add(number, &value, 1); }
  [[nodiscard]] bool write(coap_pdu_t* into) {
    coap_optlist_t* list = list_.release();
    const bool written = coap_add_optlist_pdu(into, &list) != 0;
    list_.reset(list);
    return written;
  }

 private:
  void add(coap_option_num_t number, const std::uint8_t* value, std::size_t length) {
    coap_optlist_t* list = list_.release();
    coap_insert_optlist(&list, coap_new_optlist(number, length, value));
    list_.reset(list);
  }
  std::unique_ptr<coap_optlist_t, DeleteOptions> list_;
};

domain::PskIdentity psk_identity_of(const Attempt& attempt) {
  domain::PskIdentity identity;
  identity.id_scope = domain::IdScope(attempt.endpoint.id_scope);
  if (auto id = domain::RegistrationId::parse(attempt.identity.registration_id)) {
    identity.registration_id = std::move(*id);
  }
  identity.slot =
      attempt.identity.is_secondary_key ? domain::KeySlot::secondary : domain::KeySlot::primary;
  if (auto group = domain::EnrollmentGroupId::parse(attempt.identity.group_id)) {
    identity.group = std::move(*group);
  }
  return identity;
}

std::string reason_of(coap_nack_reason_t why) {
  switch (why) {
    case COAP_NACK_TOO_MANY_RETRIES: return "the endpoint did not answer";
    case COAP_NACK_RST: return "the endpoint refused the message";
    case COAP_NACK_TLS_FAILED: return "the DTLS handshake failed";
    case COAP_NACK_ICMP_ISSUE: return "nobody listens there";
    default: return "the message could not be delivered";
  }
}

}  // namespace

// One DTLS session of a device.
class CoapConversation final : public Conversation {
 public:
  CoapConversation(asio::any_io_executor executor, const Attempt& attempt)
      : executor_(executor), attempt_(attempt), arrived_(executor) {}
  CoapConversation(const CoapConversation&) = delete;
  CoapConversation& operator=(const CoapConversation&) = delete;
  ~CoapConversation() override {
    loop_.reset();
    session_.reset();
  }

  Result<void> open(const udp::endpoint& server, ports::Crypto& crypto) {
    coap_startup();
    coap_set_log_level(LOG_EMERG);
    coap_dtls_set_log_level(LOG_EMERG);
    context_.reset(coap_new_context(nullptr));
    if (!context_) return Error{Errc::internal, "no CoAP context"};
    coap_context_set_block_mode(context_.get(), COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
    coap_set_app_data(context_.get(), this);
    coap_register_response_handler(context_.get(), on_response);
    coap_register_nack_handler(context_.get(), on_nack);
    coap_register_event_handler(context_.get(), on_event);
    coap_address_t address;
    coap_address_init(&address);
    std::memcpy(&address.addr, server.data(), server.size());
    address.size = static_cast<socklen_t>(server.size());
    const auto connected = attempt_.identity.symmetric_key ? connect_with_psk(address, crypto)
                                                           : connect_with_certificate(address);
    if (!connected) return connected.error();
    loop_ = std::make_unique<runtime::CoapLoop>(executor_, *context_);
    return {};
  }

  runtime::Task<Result<Reply>> ask(std::string operation_id, Deadline deadline) override {
    reply_.reset();
    failure_.reset();
    const auto sent = send(operation_id);
    if (!sent) co_return sent.error();
    loop_->rearm();
    arrived_.expires_at(deadline);
    while (!reply_ && !failure_) {
      const auto [cancelled] = co_await arrived_.async_wait(kToken);
      if (!cancelled) co_return Error{Errc::timed_out, "no answer came in time"};
    }
    if (failure_) co_return *failure_;
    co_return std::move(*reply_);
  }

  // Whether the session is this device's, with what it says of itself unchanged.
  bool serves(const Attempt& attempt) const {
    return resource_of(attempt_) == resource_of(attempt) &&
           register_body(attempt_.identity) == register_body(attempt.identity);
  }

 private:
  Result<void> connect_with_psk(const coap_address_t& server, ports::Crypto& crypto) {
    const std::string identity = domain::to_text(psk_identity_of(attempt_));
    if (identity.size() > domain::kMaxPskIdentity) {
      return Error{Errc::too_large, "the PSK identity is longer than 128 bytes"};
    }
    const SecretBytes key = domain::derive_psk(*attempt_.identity.symmetric_key, crypto);
    coap_dtls_cpsk_t psk{};
    psk.version = COAP_DTLS_CPSK_SETUP_VERSION;
    psk.psk_info.identity = {identity.size(), bytes_of(identity)};
    psk.psk_info.key = {key.size(), key.reveal().data()};
    session_.reset(
        coap_new_client_session_psk2(context_.get(), nullptr, &server, COAP_PROTO_DTLS, &psk));
    if (!session_) return Error{Errc::unavailable, "no DTLS session could be begun"};
    return {};
  }

  Result<void> connect_with_certificate(const coap_address_t& server) {
    ports::TlsClientSettings settings;
    settings.trusted = attempt_.endpoint.trusted;
    settings.identity = attempt_.identity.certificate;
    const auto dtls = crypto::make_dtls_client(settings, attempt_.endpoint.host);
    if (!dtls) return dtls.error();
    std::string host = attempt_.endpoint.host;
    coap_dtls_pki_t pki{};
    pki.version = COAP_DTLS_PKI_SETUP_VERSION;
    pki.verify_peer_cert = 1;
    pki.pki_key.key_type = COAP_PKI_KEY_PEM;  // of none: DtlsClient sets the certificate
    pki.client_sni = host.data();
    session_.reset(
        coap_new_client_session_pki(context_.get(), nullptr, &server, COAP_PROTO_DTLS, &pki));
    if (!session_) return Error{Errc::unavailable, "no DTLS session could be begun"};
    // Only the ClientHello has been sent: what follows is judged and shown as it is set here.
    coap_tls_library_t library{};
    void* tls = coap_session_get_tls(session_.get(), &library);
    if (tls == nullptr || !(*dtls)->prepare(tls)) {
      return Error{Errc::internal, "the DTLS session can't be set up"};
    }
    return {};
  }

  Result<void> send(const std::string& operation_id) {
    const bool registers = operation_id.empty();
    coap_pdu_t* message =
        coap_new_pdu(COAP_MESSAGE_CON, registers ? COAP_REQUEST_CODE_PUT : COAP_REQUEST_CODE_GET,
                     session_.get());
    if (message == nullptr) return Error{Errc::internal, "no CoAP message"};
    std::array<std::uint8_t, 8> token{};
    std::size_t length = token.size();
    coap_session_new_token(session_.get(), &length, token.data());
    coap_add_token(message, length, token.data());
    Options options;
    options.add(COAP_OPTION_URI_PATH, attempt_.endpoint.id_scope);
    options.add(COAP_OPTION_URI_PATH, "registrations");
    options.add(COAP_OPTION_URI_PATH, attempt_.identity.registration_id);
    options.add(COAP_OPTION_URI_PATH, registers ? "register" : "operations");
    if (!registers) options.add(COAP_OPTION_URI_PATH, operation_id);
    options.add(COAP_OPTION_URI_QUERY, "api-version=" + attempt_.api_version);
    if (registers) options.add(COAP_OPTION_CONTENT_FORMAT, kJson);
    options.add(COAP_OPTION_ACCEPT, kJson);
    bool built = options.write(message);
    if (built && registers) {
      auto body = std::make_unique<std::string>(register_body(attempt_.identity));
      const std::string& text = *body;
      built = coap_add_data_large_request(
                  session_.get(), message, text.size(), bytes_of(text),
                  [](coap_session_t*, void* held) { delete static_cast<std::string*>(held); },
                  body.release()) != 0;
    }
    if (!built) {
      coap_delete_pdu(message);
      return Error{Errc::internal, "the CoAP message can't be written"};
    }
    if (coap_send(session_.get(), message) == COAP_INVALID_MID) {
      return Error{Errc::unavailable, "the CoAP message can't be sent"};
    }
    return {};
  }

  static CoapConversation& self_of(const coap_session_t& session) {
    return *static_cast<CoapConversation*>(coap_get_app_data(coap_session_get_context(&session)));
  }

  static coap_response_t on_response(coap_session_t* session, const coap_pdu_t*,
                                     const coap_pdu_t* received, coap_mid_t) {
    CoapConversation& self = self_of(*session);
    Reply reply;
    const auto code = static_cast<unsigned>(coap_pdu_get_code(received));
    // 2.05 reads as 205, which is as good as 200 to who asks.
    reply.status = static_cast<int>((code >> 5U) * 100 + (code & 0x1FU));
    coap_opt_iterator_t options;
    if (const coap_opt_t* max_age = coap_check_option(received, COAP_OPTION_MAXAGE, &options)) {
      reply.retry_after =
          std::to_string(coap_decode_var_bytes(coap_opt_value(max_age), coap_opt_length(max_age)));
    }
    std::size_t size = 0;
    const std::uint8_t* data = nullptr;
    if (coap_get_data(received, &size, &data) != 0) {
      reply.body.assign(reinterpret_cast<const char*>(data), size);
    }
    self.reply_ = std::move(reply);
    self.arrived_.cancel();
    return COAP_RESPONSE_OK;
  }

  static void on_nack(coap_session_t* session, const coap_pdu_t*, coap_nack_reason_t why,
                      coap_mid_t) {
    self_of(*session).fail(reason_of(why));
  }

  static int on_event(coap_session_t* session, coap_event_t event) {
    if (event == COAP_EVENT_DTLS_ERROR) self_of(*session).fail("the DTLS handshake failed");
    if (event == COAP_EVENT_DTLS_CLOSED) self_of(*session).fail("the endpoint ended the session");
    return 0;
  }

  void fail(const std::string& why) {
    if (!failure_) failure_ = Error{Errc::unavailable, why};
    arrived_.cancel();
  }

  asio::any_io_executor executor_;
  Attempt attempt_;
  asio::steady_timer arrived_;  // cancelled when there is something to look at
  std::optional<Reply> reply_;
  std::optional<Error> failure_;
  std::unique_ptr<coap_context_t, FreeContext> context_;
  std::unique_ptr<coap_session_t, ReleaseSession> session_;
  std::unique_ptr<runtime::CoapLoop> loop_;
};

CoapTransport::CoapTransport(const TransportServices& services) : services_(services) {}

CoapTransport::~CoapTransport() = default;

runtime::Task<Result<Outcome>> CoapTransport::register_device(Attempt attempt) {
  const Deadline deadline = std::chrono::steady_clock::now() + attempt.timeout;
  std::unique_ptr<CoapConversation> conversation = std::move(kept_);
  if (conversation && !conversation->serves(attempt)) conversation.reset();
  if (!conversation) {
    udp::resolver resolver(services_.executor);
    const auto [failed, found] = co_await resolver.async_resolve(
        attempt.endpoint.host, std::to_string(attempt.endpoint.coaps_port), kToken);
    if (failed || found.empty()) {
      co_return Error{Errc::unavailable, attempt.endpoint.host + ": " + failed.message()};
    }
    conversation = std::make_unique<CoapConversation>(services_.executor, attempt);
    const auto opened = conversation->open(found.begin()->endpoint(), services_.crypto);
    if (!opened) co_return opened.error();
  }
  auto outcome = co_await converse(*conversation, deadline);
  if (outcome && outcome->assigned && services_.keep_connection) kept_ = std::move(conversation);
  co_return std::move(outcome);
}

}  // namespace berth::device
