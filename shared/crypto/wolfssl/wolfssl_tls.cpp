// The TLS port over wolfSSL's native API, with memory in place of sockets.

// The library's options come first, whatever the order of the alphabet.
// clang-format off
#include <wolfssl/options.h>
#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
// clang-format on

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/encoding.hpp"
#include "shared/crypto/asn1/certificate_reader.hpp"
#include "shared/crypto/asn1/host_name.hpp"
#include "shared/crypto/openssl/key_pair.hpp"
#include "shared/crypto/tls/alert.hpp"
#include "shared/crypto/tls/ciphertext_queue.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "shared/crypto/wolfssl/wolfssl_device.hpp"

namespace berth::crypto {

namespace {

using ports::TlsStatus;

// AES-GCM first, which is the fastest here; CBC last, for devices that have nothing better
// (device API 9.5). wolfSSL's server goes by its own order.
constexpr const char* kCipherSuites =
    "TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384:TLS13-CHACHA20-POLY1305-SHA256:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:"
    "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384";

// Without this list, a server with an ECDSA key asks TLS 1.2 clients for ECDSA certificates only,
// and devices with RSA keys are shut out.
constexpr const char* kSignatureAlgorithms =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:"
    "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512";

// P-256 first: it runs on libcrypto.
constexpr std::array kGroups = {WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_X25519, WOLFSSL_ECC_SECP384R1};

constexpr std::size_t kMaxServerName = 255;

std::string library_text(int code) {
  const char* text = wolfSSL_ERR_reason_error_string(static_cast<unsigned long>(code));
  return " (wolfSSL: " + std::string(text == nullptr ? "unknown" : text) + ", " +
         std::to_string(code) + ")";
}

// What wolfSSL finds wrong with a certificate. As built by Debian it tells some of it in OpenSSL's
// numbers, which are positive, and the rest in its own, which are negative.
enum class Finding : std::uint8_t {
  untrusted,
  self_signed,
  not_yet_valid,
  expired,
  wrong_signature,
  not_a_ca,
  path_too_long,
  wrong_usage,
  unreadable,  // anything else
};

Finding finding_of(int error) {
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case ASN_NO_SIGNER_E: return Finding::untrusted;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case ASN_SELF_SIGNED_E: return Finding::self_signed;
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
    case ASN_BEFORE_DATE_E: return Finding::not_yet_valid;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
    case ASN_AFTER_DATE_E: return Finding::expired;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case ASN_SIG_CONFIRM_E: return Finding::wrong_signature;
    case X509_V_ERR_INVALID_CA:
    case NOT_CA_ERROR: return Finding::not_a_ca;
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case ASN_PATHLEN_INV_E:
    case ASN_PATHLEN_SIZE_E: return Finding::path_too_long;
    case KEYUSAGE_E:
    case EXTKEYUSAGE_E:
    case KEYUSE_SIGNATURE_E:
    case KEYUSE_ENCIPHER_E:
    case EXTKEYUSE_AUTH_E:
    case ASN_NAME_INVALID_E: return Finding::wrong_usage;
    default: return Finding::unreadable;
  }
}

std::string describe(Finding finding) {
  switch (finding) {
    case Finding::untrusted: return "the peer's certificate is not signed by a trusted CA";
    case Finding::self_signed: return "the peer's certificate is self-signed and not trusted";
    case Finding::not_yet_valid: return "a certificate of the peer is not valid yet";
    case Finding::expired: return "a certificate of the peer has expired";
    case Finding::wrong_signature: return "a signature in the peer's certificate chain is wrong";
    case Finding::not_a_ca: return "a certificate in the peer's chain may not issue others";
    case Finding::path_too_long: return "the peer's certificate chain is longer than its CA allows";
    case Finding::wrong_usage: return "the peer's certificate is not meant for this use";
    case Finding::unreadable: break;
  }
  return "a certificate of the peer cannot be used";
}

// A server lets everything pass that is a judgement on a well-formed certificate, since the chain
// is judged later, per registration ID. A certificate that cannot be read ends the handshake.
bool is_a_judgement(Finding finding) {
  return finding != Finding::unreadable;
}

std::string describe(int error) {
  switch (error) {
    case MAX_CHAIN_ERROR: return "the peer's certificate chain is too long" + library_text(error);
    case ASN_CRIT_EXT_E:  // wolfSSL asks nobody about it
      return "a certificate of the peer has a critical extension that is unknown here" +
             library_text(error);
    case VERIFY_CERT_ERROR:
    case SIG_VERIFY_E:
    case VERIFY_SIGN_ERROR:
      return "the peer's signature does not fit its certificate" + library_text(error);
    case MATCH_SUITE_ERROR:
      return "there is no cipher suite, or kind of key, that both sides offer" +
             library_text(error);
    case VERSION_ERROR:
      return "there is no TLS version that both sides offer" + library_text(error);
    case UNKNOWN_ALPN_PROTOCOL_NAME_E:
      return "there is no application protocol that both sides offer" + library_text(error);
    case UNKNOWN_RECORD_TYPE: return "the peer does not speak TLS" + library_text(error);
    case DECRYPT_ERROR:
    case VERIFY_MAC_ERROR:
      return "a record from the peer was altered on its way" + library_text(error);
    default: return "TLS failed" + library_text(error);
  }
}

struct ContextFreed {
  void operator()(WOLFSSL_CTX* context) const { wolfSSL_CTX_free(context); }
};
using ContextHandle = std::unique_ptr<WOLFSSL_CTX, ContextFreed>;

struct SessionFreed {
  void operator()(WOLFSSL* session) const { wolfSSL_free(session); }
};

enum class Side : std::uint8_t { server, client };

// A server's contexts for the names that it has other identities for, in lower case.
struct NamedContexts {
  std::vector<ContextHandle> contexts;
  std::map<std::string, WOLFSSL_CTX*> by_name;
};

class WolfsslEngine final : public ports::TlsEngine {
 public:
  struct Role {
    Side side = Side::server;
    bool judges_peer = false;  // a client that does not accept any server
    std::string host;          // a client's
    std::vector<std::string> alpn;
    const NamedContexts* named = nullptr;  // a server's
  };

  WolfsslEngine(WOLFSSL_CTX* context, Role role)
      : role_(std::move(role)), session_(wolfSSL_new(context)) {
    if (!session_) {
      fail("there is no memory for another TLS connection");
      return;
    }
    wolfSSL_SetIOReadCtx(session_.get(), this);
    wolfSSL_SetIOWriteCtx(session_.get(), this);
    wolfSSL_SetCertCbCtx(session_.get(), this);
    if (role_.side == Side::client) send_host();
    offer_alpn();
  }
  WolfsslEngine(const WolfsslEngine&) = delete;
  WolfsslEngine& operator=(const WolfsslEngine&) = delete;

  void feed(ByteView ciphertext) override {
    if (!input_.push(ciphertext)) fail("more was received than the connection may queue");
  }

  Bytes take_output() override { return output_.take_all(); }
  bool has_output() const override { return !output_.empty(); }

  TlsStatus handshake() override {
    if (failed()) return TlsStatus::failed;
    wolfssl::free_point_cache_at_thread_end();
    const int result = role_.side == Side::server ? wolfSSL_accept(session_.get())
                                                  : wolfSSL_connect(session_.get());
    if (result != WOLFSSL_SUCCESS) return status_of(result);
    // wolfSSL is trusted to call back for the leaf; if it ever did not, nothing was checked.
    if (role_.judges_peer && !host_checked_) {
      return fail("the server's certificate was not checked");
    }
    note_peer();
    return TlsStatus::done;
  }

  TlsStatus read(std::span<std::uint8_t> into, std::size_t& count) override {
    count = 0;
    if (failed()) return TlsStatus::failed;
    const std::size_t size = std::min(into.size(), tls::kMaxWrite);
    const int result = wolfSSL_read(session_.get(), into.data(), static_cast<int>(size));
    if (result <= 0) return status_of(result);
    count = static_cast<std::size_t>(result);
    return TlsStatus::done;
  }

  TlsStatus write(ByteView from, std::size_t& count) override {
    count = 0;
    if (failed()) return TlsStatus::failed;
    if (from.empty()) return TlsStatus::done;
    const std::size_t size = std::min(from.size(), tls::kMaxWrite);
    const int result = wolfSSL_write(session_.get(), from.data(), static_cast<int>(size));
    if (result <= 0) return status_of(result);
    count = static_cast<std::size_t>(result);
    return TlsStatus::done;
  }

  void close() override {
    if (failed() || std::exchange(closing_, true)) return;
    // Its answer tells of the peer's close_notify, for which nobody waits.
    wolfSSL_shutdown(session_.get());
  }

  const ports::TlsPeer& peer() const override { return peer_; }
  std::string failure() const override { return failure_; }

  static int receive(WOLFSSL*, char* into, int size, void* context) {
    auto& engine = *static_cast<WolfsslEngine*>(context);
    const std::span<std::uint8_t> space(reinterpret_cast<std::uint8_t*>(into),
                                        static_cast<std::size_t>(std::max(size, 0)));
    const std::size_t count = engine.input_.pop(space);
    return count == 0 ? WOLFSSL_CBIO_ERR_WANT_READ : static_cast<int>(count);
  }

  static int send(WOLFSSL*, char* from, int size, void* context) {
    auto& engine = *static_cast<WolfsslEngine*>(context);
    const ByteView bytes(reinterpret_cast<const std::uint8_t*>(from),
                         static_cast<std::size_t>(std::max(size, 0)));
    return engine.output_.push(bytes) ? size : WOLFSSL_CBIO_ERR_GENERAL;
  }

  // Called for every certificate of the peer, the leaf last. Returns 1 to go on.
  static int on_certificate(int accepted, WOLFSSL_X509_STORE_CTX* store) {
    if (store == nullptr || store->userCtx == nullptr) return 0;
    return static_cast<WolfsslEngine*>(store->userCtx)->judge(accepted == 1, *store) ? 1 : 0;
  }

  static int on_server_name(WOLFSSL* session, int*, void*) {
    const char* name = wolfSSL_get_servername(session, WOLFSSL_SNI_HOST_NAME);
    auto* engine = static_cast<WolfsslEngine*>(wolfSSL_GetIOReadCtx(session));
    if (name != nullptr && engine != nullptr) {
      const std::string_view text(name);
      if (text.size() <= kMaxServerName) engine->choose_identity(std::string(text));
    }
    return 0;
  }

 private:
  void choose_identity(std::string name) {
    if (role_.named != nullptr) {
      const auto found = role_.named->by_name.find(to_lower(name));
      if (found != role_.named->by_name.end()) {
        wolfSSL_set_SSL_CTX(session_.get(), found->second);
      }
    }
    peer_.server_name = std::move(name);
  }

  void send_host() {
    if (!role_.host.empty() && !asn1::parse_ip_address(role_.host)) {
      if (role_.host.size() > kMaxServerName ||
          wolfSSL_UseSNI(session_.get(), WOLFSSL_SNI_HOST_NAME, role_.host.data(),
                         static_cast<unsigned short>(role_.host.size())) != WOLFSSL_SUCCESS) {
        fail("the server's name cannot be sent");
        return;
      }
    }
  }

  // At a server this makes wolfSSL refuse a client that offers none of them; which of them is
  // chosen is select_alpn's.
  void offer_alpn() {
    std::string protocols;
    for (const std::string& protocol : role_.alpn) {
      if (!protocols.empty()) protocols += ',';
      protocols += protocol;
    }
    if (!protocols.empty() && wolfSSL_UseALPN(session_.get(), protocols.data(),
                                              static_cast<unsigned int>(protocols.size()),
                                              WOLFSSL_ALPN_FAILED_ON_MISMATCH) != WOLFSSL_SUCCESS) {
      fail("the application protocols cannot be offered");
    }
  }

  bool judge(bool accepted, const WOLFSSL_X509_STORE_CTX& store) {
    if (peer_.chain.empty()) {
      for (int i = 0; i < store.totalCerts; ++i) {
        const WOLFSSL_BUFFER_INFO& certificate = store.certs[i];
        peer_.chain.emplace_back(certificate.buffer, certificate.buffer + certificate.length);
      }
    }
    if (!accepted) {
      const Finding finding = finding_of(store.error);
      if (!role_.judges_peer && is_a_judgement(finding)) return true;
      refusal_ = describe(finding) + library_text(store.error);
      return false;
    }
    if (!role_.judges_peer) return true;
    if (store.error_depth != 0) return true;
    if (peer_.chain.empty() || !asn1::certificate_names_host(peer_.chain.front(), role_.host)) {
      refusal_ = "the server's certificate is not for \"" + role_.host + "\"";
      return false;
    }
    host_checked_ = true;
    return true;
  }

  void note_peer() {
    if (const char* version = wolfSSL_get_version(session_.get())) peer_.version = version;
    char* protocol = nullptr;
    unsigned short size = 0;
    if (wolfSSL_ALPN_GetProtocol(session_.get(), &protocol, &size) == WOLFSSL_SUCCESS &&
        protocol != nullptr) {
      peer_.alpn.assign(protocol, size);
    }
  }

  TlsStatus status_of(int result) {
    const int error = wolfSSL_get_error(session_.get(), result);
    if (error == WOLFSSL_ERROR_WANT_READ) return TlsStatus::want_read;
    if (error == WOLFSSL_ERROR_ZERO_RETURN) return TlsStatus::closed;
    if (!refusal_.empty()) return fail(std::exchange(refusal_, {}));
    WOLFSSL_ALERT_HISTORY alerts{};
    if (error == FATAL_ERROR &&
        wolfSSL_get_alert_history(session_.get(), &alerts) == WOLFSSL_SUCCESS &&
        alerts.last_rx.code >= 0) {
      return fail(tls::describe_peer_alert(static_cast<std::uint8_t>(alerts.last_rx.code)));
    }
    return fail(describe(error));
  }

  TlsStatus fail(std::string sentence) {
    // The first failure is the cause; wolfSSL must not be asked again after it.
    if (failure_.empty()) failure_ = std::move(sentence);
    return TlsStatus::failed;
  }
  bool failed() const { return !failure_.empty(); }

  Role role_;
  tls::CiphertextQueue input_;
  tls::CiphertextQueue output_;
  ports::TlsPeer peer_;
  std::string refusal_;  // of the certificate callback, until wolfSSL returns
  std::string failure_;
  bool host_checked_ = false;
  bool closing_ = false;
  std::unique_ptr<WOLFSSL, SessionFreed> session_;  // last: it calls back while it goes
};

class WolfsslContext final : public ports::TlsContext {
 public:
  WolfsslContext(ContextHandle context, Side side, bool judges_peer, std::vector<std::string> alpn,
                 NamedContexts named = {})
      : context_(std::move(context)),
        side_(side),
        judges_peer_(judges_peer),
        alpn_(std::move(alpn)),
        named_(std::move(named)) {
    if (side_ != Side::server || alpn_.empty()) return;
    wolfSSL_CTX_set_alpn_select_cb(context_.get(), &WolfsslContext::select_alpn, this);
    for (const ContextHandle& other : named_.contexts) {
      wolfSSL_CTX_set_alpn_select_cb(other.get(), &WolfsslContext::select_alpn, this);
    }
  }
  WolfsslContext(const WolfsslContext&) = delete;
  WolfsslContext& operator=(const WolfsslContext&) = delete;

  std::unique_ptr<ports::TlsEngine> new_engine(const std::string& server_name) override {
    WolfsslEngine::Role role;
    role.side = side_;
    role.judges_peer = judges_peer_;
    role.alpn = alpn_;
    if (side_ == Side::client) role.host = server_name;
    if (!named_.by_name.empty()) role.named = &named_;
    return std::make_unique<WolfsslEngine>(context_.get(), std::move(role));
  }

 private:
  // RFC 7301 3.2: the server's preference decides; a client that offers none of ours is refused.
  static int select_alpn(WOLFSSL*, const unsigned char** out, unsigned char* out_size,
                         const unsigned char* offered, unsigned int offered_size, void* context) {
    const ByteView list(offered, offered_size);
    for (const std::string& ours : static_cast<const WolfsslContext*>(context)->alpn_) {
      for (std::size_t at = 0; at < list.size();) {
        const std::size_t size = list[at++];
        if (size > list.size() - at) break;
        if (as_text(list.subspan(at, size)) == ours) {
          *out = reinterpret_cast<const unsigned char*>(ours.data());
          *out_size = static_cast<unsigned char>(size);
          return SSL_TLSEXT_ERR_OK;
        }
        at += size;
      }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  ContextHandle context_;
  Side side_;
  bool judges_peer_;
  std::vector<std::string> alpn_;
  NamedContexts named_;
};

Result<void> use_identity(WOLFSSL_CTX* context, const ports::TlsIdentity& identity) {
  if (identity.chain.empty()) return Error{Errc::malformed, "there is no certificate"};
  Bytes chain;
  for (const Bytes& certificate : identity.chain) {
    const Result<ports::Certificate> parsed = asn1::read_certificate(certificate);
    if (!parsed) return parsed.error();
    append(chain, certificate);
  }
  int result = wolfSSL_CTX_use_certificate_chain_buffer_format(
      context, chain.data(), static_cast<long>(chain.size()), WOLFSSL_FILETYPE_ASN1);
  if (result != WOLFSSL_SUCCESS) {
    return Error{Errc::malformed, "the certificate chain cannot be used" + library_text(result)};
  }
  const ByteView key = identity.private_key.reveal();
  result = wolfSSL_CTX_use_PrivateKey_buffer(context, key.data(), static_cast<long>(key.size()),
                                             WOLFSSL_FILETYPE_ASN1);
  if (result != WOLFSSL_SUCCESS) {
    return Error{Errc::malformed, "the private key does not parse" + library_text(result)};
  }
  // wolfSSL_CTX_check_private_key passes any key of the right kind, as built by Debian.
  const Result<ports::Certificate> leaf = asn1::read_certificate(identity.chain.front());
  if (!leaf || !openssl::is_key_pair(key, leaf->public_key)) {
    return Error{Errc::invalid, "the private key does not belong to the certificate"};
  }
  return {};
}

Result<ContextHandle> new_context(WOLFSSL_METHOD* method, bool tls13_only) {
  ContextHandle handle(wolfSSL_CTX_new(method));
  WOLFSSL_CTX* context = handle.get();
  if (context == nullptr) return Error{Errc::internal, "wolfSSL has no memory for a context"};
  std::array<int, kGroups.size()> groups{};  // wolfSSL's parameter is not const
  std::copy(kGroups.begin(), kGroups.end(), groups.begin());
  // The signature algorithms come after the suites, which reset them.
  const bool set =
      wolfSSL_CTX_SetDevId(context, wolfssl::device_id()) == WOLFSSL_SUCCESS &&
      (tls13_only || wolfSSL_CTX_SetMinVersion(context, WOLFSSL_TLSV1_2) == WOLFSSL_SUCCESS) &&
      wolfSSL_CTX_set_cipher_list(context, kCipherSuites) == WOLFSSL_SUCCESS &&
      wolfSSL_CTX_set_groups(context, groups.data(), static_cast<int>(groups.size())) ==
          WOLFSSL_SUCCESS;
  if (!set) return Error{Errc::internal, "wolfSSL does not take our settings"};
  // A resumed session would not show the peer's chain.
  wolfSSL_CTX_set_session_cache_mode(context, WOLFSSL_SESS_CACHE_OFF);
  wolfSSL_CTX_SetIORecv(context, &WolfsslEngine::receive);
  wolfSSL_CTX_SetIOSend(context, &WolfsslEngine::send);
  return handle;
}

Result<void> finish_context(WOLFSSL_CTX* context) {
  if (wolfSSL_CTX_set1_sigalgs_list(context, kSignatureAlgorithms) != WOLFSSL_SUCCESS) {
    return Error{Errc::internal, "wolfSSL does not take our signature algorithms"};
  }
  return {};
}

Result<void> check_alpn(const std::vector<std::string>& protocols) {
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255 || protocol.find(',') != std::string::npos) {
      return Error{Errc::invalid, "\"" + protocol + "\" is not an application protocol's name"};
    }
  }
  return {};
}

Result<ContextHandle> server_context(const ports::TlsServerSettings& settings,
                                     const ports::TlsIdentity& identity) {
  Result<ContextHandle> made =
      new_context(settings.tls13_only ? wolfTLSv1_3_server_method() : wolfSSLv23_server_method(),
                  settings.tls13_only);
  if (!made) return made.error();
  WOLFSSL_CTX* context = made->get();
  const Result<void> used = use_identity(context, identity);
  if (!used) return used.error();
  if (wolfSSL_CTX_NoTicketTLSv12(context) != WOLFSSL_SUCCESS ||
      wolfSSL_CTX_no_ticket_TLSv13(context) != 0) {
    return Error{Errc::internal, "wolfSSL does not turn session tickets off"};
  }
  if (settings.request_client_certificate) {
    wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_PEER, &WolfsslEngine::on_certificate);
  } else {
    wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_NONE, nullptr);
  }
  wolfSSL_CTX_set_servername_callback(context, &WolfsslEngine::on_server_name);
  const Result<void> finished = finish_context(context);
  if (!finished) return finished.error();
  return made;
}

class WolfsslTls final : public ports::TlsLibrary {
 public:
  Result<std::unique_ptr<ports::TlsContext>> server(
      const ports::TlsServerSettings& settings) override {
    const Result<void> alpn = check_alpn(settings.alpn);
    if (!alpn) return alpn.error();
    Result<ContextHandle> made = server_context(settings, settings.identity);
    if (!made) return made.error();
    NamedContexts named;
    for (const ports::TlsNamedIdentity& other : settings.named) {
      Result<ContextHandle> its = server_context(settings, other.identity);
      if (!its) return its.error();
      for (const std::string& name : other.names) named.by_name[to_lower(name)] = its->get();
      named.contexts.push_back(std::move(*its));
    }
    return std::unique_ptr<ports::TlsContext>(std::make_unique<WolfsslContext>(
        std::move(*made), Side::server, false, settings.alpn, std::move(named)));
  }

  Result<std::unique_ptr<ports::TlsContext>> client(
      const ports::TlsClientSettings& settings) override {
    const Result<void> alpn = check_alpn(settings.alpn);
    if (!alpn) return alpn.error();
    if (settings.trusted.empty() && !settings.accept_any_server) {
      return Error{Errc::invalid, "a TLS client needs at least one trusted CA"};
    }
    Result<ContextHandle> made =
        new_context(settings.tls13_only ? wolfTLSv1_3_client_method() : wolfSSLv23_client_method(),
                    settings.tls13_only);
    if (!made) return made.error();
    WOLFSSL_CTX* context = made->get();
    for (const Bytes& certificate : settings.trusted) {
      const Result<ports::Certificate> parsed = asn1::read_certificate(certificate);
      if (!parsed) return parsed.error();
      // An anchor is a name and a key (RFC 5280 6.1.1 d); its dates are not part of the path, and a
      // clock that is not set yet must not keep a gateway from starting.
      const int result = wolfSSL_CTX_load_verify_buffer_ex(
          context, certificate.data(), static_cast<long>(certificate.size()), WOLFSSL_FILETYPE_ASN1,
          0, WOLFSSL_LOAD_FLAG_DATE_ERR_OKAY);
      if (result != WOLFSSL_SUCCESS) {
        return Error{Errc::invalid, "\"" + parsed->subject_text + "\" cannot be trusted as a CA" +
                                        library_text(result)};
      }
    }
    if (!settings.identity.chain.empty()) {
      const Result<void> used = use_identity(context, settings.identity);
      if (!used) return used.error();
    }
    wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_PEER, &WolfsslEngine::on_certificate);
    const Result<void> finished = finish_context(context);
    if (!finished) return finished.error();
    return std::unique_ptr<ports::TlsContext>(std::make_unique<WolfsslContext>(
        std::move(*made), Side::client, !settings.accept_any_server, settings.alpn));
  }
};

}  // namespace

std::unique_ptr<ports::TlsLibrary> make_wolfssl_tls() {
  static_cast<void>(wolfssl::device_id());
  return std::make_unique<WolfsslTls>();
}

}  // namespace berth::crypto
