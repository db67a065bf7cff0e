#include "tests/conformance/crypto/openssl_client.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <span>

#include <openssl/ssl.h>

#include "shared/crypto/openssl/handle.hpp"
#include "shared/crypto/openssl/private_key.hpp"

namespace berth::testing {

namespace {

using crypto::openssl::Handle;
using crypto::openssl::Key;
using ports::TlsEngine;
using ports::TlsStatus;

constexpr int kMaxTurns = 50;

void must(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "openssl_client: %s failed\n", what);
  std::abort();
}

Handle<X509, X509_free> read_certificate(ByteView der) {
  const unsigned char* at = der.data();
  Handle<X509, X509_free> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  must(certificate != nullptr, "reading a certificate");
  return certificate;
}

int keep_session(SSL* connection, SSL_SESSION* session) {
  auto* kept = static_cast<SSL_SESSION**>(SSL_get_app_data(connection));
  SSL_SESSION_free(*kept);
  *kept = session;
  return 1;  // ours now
}

}  // namespace

struct OpensslClient::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { SSL_SESSION_free(session); }

  Handle<SSL_CTX, SSL_CTX_free> context{SSL_CTX_new(TLS_client_method())};
  Handle<SSL, SSL_free> connection;
  SSL_SESSION* session = nullptr;
};

OpensslClient::OpensslClient(const Options& options) : state_(std::make_unique<State>()) {
  SSL_CTX* context = state_->context.get();
  const int version = options.tls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
  must(SSL_CTX_set_min_proto_version(context, version) == 1 &&
           SSL_CTX_set_max_proto_version(context, version) == 1,
       "the version");
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &keep_session);
  for (std::size_t i = 0; i < options.chain.size(); ++i) {
    const auto certificate = read_certificate(options.chain[i]);
    must((i == 0 ? SSL_CTX_use_certificate(context, certificate.get())
                 : SSL_CTX_add1_chain_cert(context, certificate.get())) == 1,
         "the chain");
  }
  if (!options.private_key.empty()) {
    const Result<Key> key = crypto::openssl::read_pkcs8(options.private_key.reveal());
    must(key.has_value() && SSL_CTX_use_PrivateKey(context, key->get()) == 1, "the key");
  }
}

OpensslClient::~OpensslClient() = default;

bool OpensslClient::connect(TlsEngine& server) {
  state_->connection.reset(SSL_new(state_->context.get()));
  SSL* connection = state_->connection.get();
  SSL_set_app_data(connection, &state_->session);
  BIO* from_server = BIO_new(BIO_s_mem());
  BIO* to_server = BIO_new(BIO_s_mem());
  SSL_set_bio(connection, from_server, to_server);
  SSL_set_connect_state(connection);
  if (state_->session != nullptr) SSL_set_session(connection, state_->session);

  bool client_done = false;
  bool client_failed = false;
  bool server_wrote = false;
  std::array<std::uint8_t, 1> byte{};
  std::array<std::uint8_t, 4096> buffer{};
  TlsStatus server_status = TlsStatus::want_read;
  for (int turn = 0; turn < kMaxTurns; ++turn) {
    if (!client_done) {
      const int result = SSL_do_handshake(connection);
      client_done = result == 1;
      client_failed = result != 1 && SSL_get_error(connection, result) != SSL_ERROR_WANT_READ;
    } else {
      const int result = SSL_read(connection, byte.data(), 1);
      if (result == 1) return server_status == TlsStatus::done;
      client_failed = SSL_get_error(connection, result) != SSL_ERROR_WANT_READ;
    }
    for (int count = 0;
         (count = BIO_read(to_server, buffer.data(), static_cast<int>(buffer.size()))) > 0;) {
      server.feed(std::span(buffer).first(static_cast<std::size_t>(count)));
    }
    if (server_status == TlsStatus::want_read) server_status = server.handshake();
    if (server_status == TlsStatus::done && !server_wrote) {
      std::size_t count = 0;
      server_wrote = server.write(as_bytes("x"), count) == TlsStatus::done;
    }
    const Bytes output = server.take_output();
    if (!output.empty()) BIO_write(from_server, output.data(), static_cast<int>(output.size()));
    if (client_failed || (server_status != TlsStatus::done && output.empty() && turn > 5)) break;
  }
  ERR_clear_error();
  return false;
}

bool OpensslClient::resumed() const {
  return SSL_session_reused(state_->connection.get()) == 1;
}

}  // namespace berth::testing
