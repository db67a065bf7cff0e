// Both ends of DTLS against each other, as libcoap would run them: the server prepares each
// handshake when the ClientHello arrives, the client before it starts. Datagrams go from memory to
// memory.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "shared/crypto/openssl/dtls_client.hpp"
#include "shared/crypto/openssl/dtls_server.hpp"
#include "shared/crypto/openssl/handle.hpp"
#include "tests/support/test_pki.hpp"

namespace berth::testing {

struct DtlsPair {
  crypto::openssl::Handle<SSL, SSL_free> client;
  crypto::openssl::Handle<SSL, SSL_free> server;

  bool shake_hands() {
    for (int i = 0; i < 20; ++i) {
      const int client_done = SSL_do_handshake(client.get());
      const int server_done = SSL_do_handshake(server.get());
      if (client_done == 1 && server_done == 1) return true;
      if (SSL_get_error(client.get(), client_done) == SSL_ERROR_SSL) return false;
      if (SSL_get_error(server.get(), server_done) == SSL_ERROR_SSL) return false;
    }
    return false;
  }
};

// A gateway's side, and clients for it.
class DtlsBench {
 public:
  PkiNode root = make_root({"server root"});
  PkiNode server_leaf = make_leaf(root, {.common_name = "gw", .dns_names = {"gw.example"}});

  DtlsBench() { SSL_CTX_set_psk_server_callback(server_context_.get(), server_key); }
  ~DtlsBench() { ERR_clear_error(); }
  DtlsBench(const DtlsBench&) = delete;
  DtlsBench& operator=(const DtlsBench&) = delete;

  DtlsPair connect() { return connect(server_leaf.identity()); }
  // A server that shows that identity.
  DtlsPair connect(const ports::TlsIdentity& identity) {
    server_ = std::move(*crypto::make_dtls_server(identity));
    SSL_CTX_set_client_hello_cb(server_context_.get(), on_hello, server_.get());
    DtlsPair pair;
    pair.client.reset(SSL_new(client_context_.get()));
    pair.server.reset(SSL_new(server_context_.get()));
    BIO* up = BIO_new(BIO_s_mem());
    BIO* down = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(up, -1);
    BIO_set_mem_eof_return(down, -1);
    BIO_up_ref(up);
    BIO_up_ref(down);
    SSL_set_bio(pair.client.get(), down, up);
    SSL_set_bio(pair.server.get(), up, down);
    for (SSL* ssl : {pair.client.get(), pair.server.get()}) {
      SSL_set_options(ssl, SSL_OP_NO_QUERY_MTU);
      SSL_set_mtu(ssl, 1200);
    }
    SSL_set_connect_state(pair.client.get());
    SSL_set_accept_state(pair.server.get());
    return pair;
  }
  DtlsPair connect_with_psk(const char* suites) {
    SSL_CTX_set_psk_client_callback(client_context_.get(), client_key);
    SSL_CTX_set_cipher_list(client_context_.get(), suites);
    return connect();
  }
  std::unique_ptr<crypto::DtlsClient> client_of(const ports::TlsIdentity& identity,
                                                const std::string& name = "gw.example") const {
    ports::TlsClientSettings settings;
    settings.trusted = {root.certificate};
    settings.identity = identity;
    return std::move(*crypto::make_dtls_client(settings, name));
  }

 private:
  static constexpr std::string_view kKey = "a key of thirty-two bytes, or so";

  static unsigned take_key(unsigned char* into) {
    std::copy(kKey.begin(), kKey.end(), into);
    return static_cast<unsigned>(kKey.size());
  }
  static unsigned server_key(SSL*, const char*, unsigned char* into, unsigned) {
    return take_key(into);
  }
  static unsigned client_key(SSL*, const char*, char* identity, unsigned, unsigned char* into,
                             unsigned) {
    *identity = '\0';
    return take_key(into);
  }
  static int on_hello(SSL* ssl, int*, void* server) {
    const bool prepared = static_cast<crypto::DtlsServer*>(server)->prepare(ssl);
    return prepared ? SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_ERROR;
  }

  std::unique_ptr<crypto::DtlsServer> server_;
  crypto::openssl::Handle<SSL_CTX, SSL_CTX_free> server_context_{SSL_CTX_new(DTLS_server_method())};
  crypto::openssl::Handle<SSL_CTX, SSL_CTX_free> client_context_{SSL_CTX_new(DTLS_client_method())};
};

}  // namespace berth::testing
