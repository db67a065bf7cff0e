// The TLS port over mbedTLS 2.28, which speaks TLS 1.2.

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <mbedtls/x509_crt.h>

#include "shared/base/encoding.hpp"
#include "shared/crypto/asn1/certificate_reader.hpp"
#include "shared/crypto/asn1/host_name.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/crypto/tls/ciphertext_queue.hpp"

namespace berth::crypto {

namespace {

using ports::TlsStatus;

// In the order of wolfSSL's list (device API 9.5). mbedTLS keeps the pointer.
constexpr std::array kCipherSuites = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384,
    0,
};

constexpr std::size_t kMaxServerName = 255;

std::string library_text(int code) {
  std::array<char, 128> text{};
  mbedtls_strerror(code, text.data(), text.size());
  return " (mbedTLS: " + std::string(text.data()) + ")";
}

std::string describe(int code) {
  switch (code) {
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
      return "the peer ended the connection with an alert" + library_text(code);
    case MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN:
      return "there is no cipher suite, or kind of key, that both sides offer" + library_text(code);
    case MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION:
      return "there is no TLS version that both sides offer" + library_text(code);
    case MBEDTLS_ERR_SSL_INVALID_RECORD: return "the peer does not speak TLS" + library_text(code);
    case MBEDTLS_ERR_SSL_INVALID_MAC:
      return "a record from the peer was altered on its way" + library_text(code);
    default: return "TLS failed" + library_text(code);
  }
}

std::string describe_verdict(std::uint32_t flags, const std::string& host) {
  if ((flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED) != 0) {
    return "the peer's certificate is not signed by a trusted CA";
  }
  if ((flags & MBEDTLS_X509_BADCERT_EXPIRED) != 0) {
    return "a certificate of the peer has expired";
  }
  if ((flags & MBEDTLS_X509_BADCERT_FUTURE) != 0) {
    return "a certificate of the peer is not valid yet";
  }
  if ((flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) != 0) {
    return "the server's certificate is not for \"" + host + "\"";
  }
  std::array<char, 256> text{};
  mbedtls_x509_crt_verify_info(text.data(), text.size(), "", flags);
  std::string sentence = "the server's certificate is refused: " + std::string(text.data());
  while (sentence.ends_with('\n')) sentence.pop_back();
  return sentence;
}

enum class Side : std::uint8_t { server, client };

// A certificate with the chain above it, and its key.
struct Identity {
  Identity() {
    mbedtls_x509_crt_init(&chain);
    mbedtls_pk_init(&key);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  ~Identity() {
    mbedtls_x509_crt_free(&chain);
    mbedtls_pk_free(&key);
  }

  mbedtls_x509_crt chain;
  mbedtls_pk_context key;
};

// What mbedTLS points to from every connection of a context.
struct Shared {
  Shared() {
    mbedtls_ssl_config_init(&config);
    mbedtls_x509_crt_init(&trusted);
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() {
    mbedtls_ssl_config_free(&config);
    mbedtls_x509_crt_free(&trusted);
    mbedtls_ctr_drbg_free(&random);
    mbedtls_entropy_free(&entropy);
  }

  Side side = Side::server;
  bool judges_peer = false;  // a client that does not accept any server
  std::vector<Bytes> anchors;
  std::vector<std::string> alpn;
  std::vector<const char*> alpn_list;  // of alpn, with a null at its end

  mbedtls_ssl_config config;
  Identity identity;
  std::vector<std::unique_ptr<Identity>> named;  // a server's others,
  std::map<std::string, Identity*> by_name;      // by name in lower case
  mbedtls_x509_crt trusted;
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context random;

  // A handshake writes to the keys it uses (mbedTLS keeps precomputed points in them) and to the
  // random generator. One handshake step at a time; records need neither.
  std::mutex handshake;
};

class MbedtlsEngine final : public ports::TlsEngine {
 public:
  // mbedTLS hands its connection to the callbacks of a context; this is how they find the engine.
  struct Session : mbedtls_ssl_context {
    MbedtlsEngine* engine = nullptr;
  };

  MbedtlsEngine(Shared& shared, std::string host) : shared_(shared), host_(std::move(host)) {
    mbedtls_ssl_init(&session_);
    session_.engine = this;
    const int result = mbedtls_ssl_setup(&session_, &shared_.config);
    if (result != 0) {
      fail("there is no memory for another TLS connection" + library_text(result));
      return;
    }
    mbedtls_ssl_set_bio(&session_, this, &MbedtlsEngine::send, &MbedtlsEngine::receive, nullptr);
    mbedtls_ssl_set_verify(&session_, &MbedtlsEngine::on_certificate, this);
    if (shared_.side == Side::client) {
      const bool named = !host_.empty() && !asn1::parse_ip_address(host_);
      if (host_.size() > kMaxServerName ||
          mbedtls_ssl_set_hostname(&session_, named ? host_.c_str() : nullptr) != 0) {
        fail("the server's name cannot be sent");
      }
    }
  }
  MbedtlsEngine(const MbedtlsEngine&) = delete;
  MbedtlsEngine& operator=(const MbedtlsEngine&) = delete;
  ~MbedtlsEngine() override { mbedtls_ssl_free(&session_); }

  void feed(ByteView ciphertext) override {
    if (!input_.push(ciphertext)) fail("more was received than the connection may queue");
  }

  Bytes take_output() override { return output_.take_all(); }
  bool has_output() const override { return !output_.empty(); }

  TlsStatus handshake() override {
    if (failed()) return TlsStatus::failed;
    {
      const std::scoped_lock lock(shared_.handshake);
      const int result = mbedtls_ssl_handshake(&session_);
      if (result != 0) return status_of(result);
    }
    // mbedTLS is trusted to call back for the leaf; if it ever did not, nothing was checked.
    if (shared_.judges_peer && !host_checked_) {
      return fail("the server's certificate was not checked");
    }
    note_peer();
    return TlsStatus::done;
  }

  TlsStatus read(std::span<std::uint8_t> into, std::size_t& count) override {
    count = 0;
    if (failed()) return TlsStatus::failed;
    const int result = mbedtls_ssl_read(&session_, into.data(), into.size());
    if (result <= 0) return status_of(result);
    count = static_cast<std::size_t>(result);
    return TlsStatus::done;
  }

  TlsStatus write(ByteView from, std::size_t& count) override {
    count = 0;
    if (failed()) return TlsStatus::failed;
    if (from.empty()) return TlsStatus::done;
    const int result =
        mbedtls_ssl_write(&session_, from.data(), std::min(from.size(), tls::kMaxWrite));
    if (result <= 0) return status_of(result);
    count = static_cast<std::size_t>(result);
    return TlsStatus::done;
  }

  void close() override {
    if (failed() || std::exchange(closing_, true)) return;
    mbedtls_ssl_close_notify(&session_);
  }

  const ports::TlsPeer& peer() const override { return peer_; }
  std::string failure() const override { return failure_; }

  static int on_server_name(void*, mbedtls_ssl_context* session, const unsigned char* name,
                            std::size_t size) {
    if (size > kMaxServerName) return 0;
    auto& engine = *static_cast<Session*>(session)->engine;
    engine.peer_.server_name.assign(reinterpret_cast<const char*>(name), size);
    const auto found = engine.shared_.by_name.find(to_lower(engine.peer_.server_name));
    if (found == engine.shared_.by_name.end()) return 0;
    return mbedtls_ssl_set_hs_own_cert(session, &found->second->chain, &found->second->key);
  }

 private:
  static int send(void* context, const unsigned char* from, std::size_t size) {
    auto& engine = *static_cast<MbedtlsEngine*>(context);
    if (!engine.output_.push({from, size})) return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    return static_cast<int>(size);
  }

  static int receive(void* context, unsigned char* into, std::size_t size) {
    auto& engine = *static_cast<MbedtlsEngine*>(context);
    const std::size_t count = engine.input_.pop({into, size});
    return count == 0 ? MBEDTLS_ERR_SSL_WANT_READ : static_cast<int>(count);
  }

  // Called for every certificate of the path, the leaf last.
  static int on_certificate(void* context, mbedtls_x509_crt* certificate, int depth,
                            std::uint32_t* flags) {
    static_cast<MbedtlsEngine*>(context)->judge(ByteView(certificate->raw.p, certificate->raw.len),
                                                depth, *flags);
    return 0;
  }

  void judge(ByteView certificate, int depth, std::uint32_t& flags) {
    if (!shared_.judges_peer) {
      // The chain is judged later; that its leaf's key signed the handshake is checked regardless.
      flags = 0;
      return;
    }
    // An anchor is a name and a key (RFC 5280 6.1.1 d); its dates are not part of the path.
    const bool is_anchor =
        std::any_of(shared_.anchors.begin(), shared_.anchors.end(), [&](const Bytes& anchor) {
          return std::equal(anchor.begin(), anchor.end(), certificate.begin(), certificate.end());
        });
    if (is_anchor) {
      flags &=
          ~static_cast<std::uint32_t>(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    }
    if (depth == 0) {
      // mbedTLS looks at the subject too, and at no IP address.
      flags &= ~static_cast<std::uint32_t>(MBEDTLS_X509_BADCERT_CN_MISMATCH);
      if (!asn1::certificate_names_host(certificate, host_)) {
        flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
      }
      host_checked_ = true;
    }
  }

  void note_peer() {
    peer_.version = mbedtls_ssl_get_version(&session_);
    if (const char* protocol = mbedtls_ssl_get_alpn_protocol(&session_)) peer_.alpn = protocol;
    peer_.chain.clear();
    for (const mbedtls_x509_crt* certificate = mbedtls_ssl_get_peer_cert(&session_);
         certificate != nullptr; certificate = certificate->next) {
      peer_.chain.push_back(to_bytes(ByteView(certificate->raw.p, certificate->raw.len)));
    }
  }

  TlsStatus status_of(int result) {
    if (result == MBEDTLS_ERR_SSL_WANT_READ) return TlsStatus::want_read;
    if (result == 0 || result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) return TlsStatus::closed;
    const std::uint32_t verdict = mbedtls_ssl_get_verify_result(&session_);
    constexpr std::uint32_t kNoVerdict = 0xFFFFFFFF;
    if (result == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED && verdict != 0 && verdict != kNoVerdict) {
      return fail(describe_verdict(verdict, host_) + library_text(result));
    }
    return fail(describe(result));
  }

  TlsStatus fail(std::string sentence) {
    // The first failure is the cause.
    if (failure_.empty()) failure_ = std::move(sentence);
    return TlsStatus::failed;
  }
  bool failed() const { return !failure_.empty(); }

  Shared& shared_;
  std::string host_;
  tls::CiphertextQueue input_;
  tls::CiphertextQueue output_;
  ports::TlsPeer peer_;
  std::string failure_;
  bool host_checked_ = false;
  bool closing_ = false;
  Session session_;
};

class MbedtlsContext final : public ports::TlsContext {
 public:
  explicit MbedtlsContext(std::unique_ptr<Shared> shared) : shared_(std::move(shared)) {}

  std::unique_ptr<ports::TlsEngine> new_engine(const std::string& server_name) override {
    return std::make_unique<MbedtlsEngine>(*shared_, server_name);
  }

 private:
  std::unique_ptr<Shared> shared_;
};

Result<void> add_certificate(mbedtls_x509_crt& to, const Bytes& der) {
  // The one reader's verdict first: mbedTLS would pass over bytes after the certificate.
  const Result<ports::Certificate> parsed = asn1::read_certificate(der);
  if (!parsed) return parsed.error();
  const int result = mbedtls_x509_crt_parse_der(&to, der.data(), der.size());
  if (result != 0) {
    return Error{Errc::malformed, "a certificate cannot be used" + library_text(result)};
  }
  return {};
}

Result<void> read_identity(Identity& into, const ports::TlsIdentity& identity) {
  for (const Bytes& certificate : identity.chain) {
    const Result<void> added = add_certificate(into.chain, certificate);
    if (!added) return added.error();
  }
  if (identity.chain.empty()) return Error{Errc::malformed, "there is no certificate"};
  const ByteView key = identity.private_key.reveal();
  const int result = mbedtls_pk_parse_key(&into.key, key.data(), key.size(), nullptr, 0);
  if (result != 0) {
    return Error{Errc::malformed, "the private key does not parse" + library_text(result)};
  }
  if (mbedtls_pk_check_pair(&into.chain.pk, &into.key) != 0) {
    return Error{Errc::invalid, "the private key does not belong to the certificate"};
  }
  return {};
}

Result<void> use_identity(Shared& shared, const ports::TlsIdentity& identity) {
  const Result<void> read = read_identity(shared.identity, identity);
  if (!read) return read.error();
  const int result =
      mbedtls_ssl_conf_own_cert(&shared.config, &shared.identity.chain, &shared.identity.key);
  if (result != 0) {
    return Error{Errc::internal, "the certificate cannot be used" + library_text(result)};
  }
  return {};
}

Result<std::unique_ptr<Shared>> new_shared(Side side, bool tls13_only,
                                           const std::vector<std::string>& alpn) {
  if (tls13_only) return Error{Errc::unsupported, "mbedTLS 2.28 does not speak TLS 1.3"};
  auto shared = std::make_unique<Shared>();
  shared->side = side;
  mbedtls_ssl_config* config = &shared->config;
  int result =
      mbedtls_ctr_drbg_seed(&shared->random, mbedtls_entropy_func, &shared->entropy, nullptr, 0);
  if (result == 0) {
    result = mbedtls_ssl_config_defaults(
        config, side == Side::server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
        MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
  }
  if (result != 0) {
    return Error{Errc::internal, "mbedTLS does not start" + library_text(result)};
  }
  mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &shared->random);
  mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
  mbedtls_ssl_conf_ciphersuites(config, kCipherSuites.data());
  if (!alpn.empty()) {
    shared->alpn = alpn;
    for (const std::string& protocol : shared->alpn) {
      shared->alpn_list.push_back(protocol.c_str());
    }
    shared->alpn_list.push_back(nullptr);
    if (mbedtls_ssl_conf_alpn_protocols(config, shared->alpn_list.data()) != 0) {
      return Error{Errc::invalid, "an application protocol's name has 1 to 255 bytes"};
    }
  }
  return shared;
}

class MbedtlsTls final : public ports::TlsLibrary {
 public:
  // There is no ticket key and no session cache, so nothing is ever resumed.
  Result<std::unique_ptr<ports::TlsContext>> server(
      const ports::TlsServerSettings& settings) override {
    Result<std::unique_ptr<Shared>> made =
        new_shared(Side::server, settings.tls13_only, settings.alpn);
    if (!made) return made.error();
    Shared& shared = **made;
    const Result<void> used = use_identity(shared, settings.identity);
    if (!used) return used.error();
    mbedtls_ssl_conf_authmode(&shared.config, settings.request_client_certificate
                                                  ? MBEDTLS_SSL_VERIFY_OPTIONAL
                                                  : MBEDTLS_SSL_VERIFY_NONE);
    for (const ports::TlsNamedIdentity& other : settings.named) {
      auto& identity = *shared.named.emplace_back(std::make_unique<Identity>());
      const Result<void> read = read_identity(identity, other.identity);
      if (!read) return read.error();
      for (const std::string& name : other.names) shared.by_name[to_lower(name)] = &identity;
    }
    mbedtls_ssl_conf_sni(&shared.config, &MbedtlsEngine::on_server_name, nullptr);
    return std::unique_ptr<ports::TlsContext>(std::make_unique<MbedtlsContext>(std::move(*made)));
  }

  Result<std::unique_ptr<ports::TlsContext>> client(
      const ports::TlsClientSettings& settings) override {
    if (settings.trusted.empty() && !settings.accept_any_server) {
      return Error{Errc::invalid, "a TLS client needs at least one trusted CA"};
    }
    Result<std::unique_ptr<Shared>> made =
        new_shared(Side::client, settings.tls13_only, settings.alpn);
    if (!made) return made.error();
    Shared& shared = **made;
    shared.judges_peer = !settings.accept_any_server;
    shared.anchors = settings.trusted;
    for (const Bytes& certificate : settings.trusted) {
      const Result<void> added = add_certificate(shared.trusted, certificate);
      if (!added) return added.error();
    }
    if (!settings.trusted.empty()) {
      mbedtls_ssl_conf_ca_chain(&shared.config, &shared.trusted, nullptr);
    }
    if (!settings.identity.chain.empty()) {
      const Result<void> used = use_identity(shared, settings.identity);
      if (!used) return used.error();
    }
    mbedtls_ssl_conf_authmode(&shared.config, shared.judges_peer ? MBEDTLS_SSL_VERIFY_REQUIRED
                                                                 : MBEDTLS_SSL_VERIFY_OPTIONAL);
    mbedtls_ssl_conf_session_tickets(&shared.config, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
    return std::unique_ptr<ports::TlsContext>(std::make_unique<MbedtlsContext>(std::move(*made)));
  }
};

}  // namespace

std::unique_ptr<ports::TlsLibrary> make_mbedtls_tls() {
  return std::make_unique<MbedtlsTls>();
}

}  // namespace berth::crypto
