// Both ends of DTLS against each other, as libcoap would run them: the server prepares each
// handshake when the ClientHello arrives, the client before it starts.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>

#include <CppUTest/TestHarness.h>
#include <openssl/ssl.h>

#include "shared/crypto/openssl/dtls_client.hpp"
#include "shared/crypto/openssl/dtls_server.hpp"
#include "shared/crypto/openssl/handle.hpp"
#include "tests/support/test_pki.hpp"

using namespace berth;
using berth::crypto::openssl::Handle;
using berth::testing::make_intermediate;
using berth::testing::make_leaf;
using berth::testing::make_root;
using berth::testing::PkiNode;

namespace {

using Context = Handle<SSL_CTX, SSL_CTX_free>;
using Session = Handle<SSL, SSL_free>;

constexpr std::string_view kKey = "a key of thirty-two bytes, or so";

unsigned take_key(unsigned char* into) {
  std::copy(kKey.begin(), kKey.end(), into);
  return static_cast<unsigned>(kKey.size());
}
unsigned server_key(SSL*, const char*, unsigned char* into, unsigned) {
  return take_key(into);
}
unsigned client_key(SSL*, const char*, char* identity, unsigned, unsigned char* into, unsigned) {
  *identity = '\0';
  return take_key(into);
}

int on_hello(SSL* ssl, int*, void* server) {
  const bool prepared = static_cast<crypto::DtlsServer*>(server)->prepare(ssl);
  return prepared ? SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_ERROR;
}

// Two sessions whose datagrams go from memory to memory.
struct Pair {
  Session client;
  Session server;

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

}  // namespace

TEST_GROUP(Dtls) {
  PkiNode root = make_root({"server root"});
  PkiNode server_leaf = make_leaf(root, {.common_name = "gw", .dns_names = {"gw.example"}});
  std::unique_ptr<crypto::DtlsServer> server =
      std::move(*crypto::make_dtls_server(server_leaf.identity()));
  Context server_context;
  Context client_context;

  void setup() override {
    server_context.reset(SSL_CTX_new(DTLS_server_method()));
    SSL_CTX_set_client_hello_cb(server_context.get(), on_hello, server.get());
    SSL_CTX_set_psk_server_callback(server_context.get(), server_key);
    client_context.reset(SSL_CTX_new(DTLS_client_method()));
  }
  void teardown() override {
    ERR_clear_error();
  }

  Pair connect() {
    Pair pair{Session(SSL_new(client_context.get())), Session(SSL_new(server_context.get()))};
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
  Pair connect_with_psk(const char* suites) {
    SSL_CTX_set_psk_client_callback(client_context.get(), client_key);
    CHECK_EQUAL(1, SSL_CTX_set_cipher_list(client_context.get(), suites));
    return connect();
  }
  std::unique_ptr<crypto::DtlsClient> client_of(const ports::TlsIdentity& identity,
                                                const std::string& name = "gw.example") {
    ports::TlsClientSettings settings;
    settings.trusted = {root.certificate};
    settings.identity = identity;
    return std::move(*crypto::make_dtls_client(settings, name));
  }
};

TEST(Dtls, AnEphemeralPreSharedKeyIsPreferredWhateverTheClientPrefers) {
  Pair pair = connect_with_psk(
      "PSK-AES128-CCM8:PSK-AES128-GCM-SHA256:ECDHE-PSK-AES128-CBC-SHA256:"
      "ECDHE-PSK-CHACHA20-POLY1305");
  CHECK_TRUE(pair.shake_hands());
  STRCMP_EQUAL("ECDHE-PSK-CHACHA20-POLY1305", SSL_get_cipher_name(pair.server.get()));
  CHECK_TRUE(crypto::presented_chain(pair.server.get()).empty());
}

TEST(Dtls, TheSuiteThatSmallDevicesMustHaveIsTaken) {
  Pair pair = connect_with_psk("PSK-AES128-CCM8");
  CHECK_TRUE(pair.shake_hands());
}

TEST(Dtls, AnyChainIsTakenAndKeptWithItsLeafFirst) {
  const PkiNode foreign = make_root({"nobody knows this CA"});
  const PkiNode intermediate = make_intermediate(foreign, {"intermediate"});
  const PkiNode leaf = make_leaf(intermediate, {"dev-1"});
  const auto client = client_of(leaf.identity());
  Pair pair = connect();
  CHECK_TRUE(client->prepare(pair.client.get()));
  CHECK_TRUE(pair.shake_hands());
  CHECK_TRUE(crypto::presented_chain(pair.server.get()) == leaf.chain());
  LONGS_EQUAL(2, leaf.chain().size());
}

TEST(Dtls, WithoutAnyCredentialThereIsNoSession) {
  const auto client = client_of({});
  Pair pair = connect();
  CHECK_TRUE(client->prepare(pair.client.get()));
  CHECK_FALSE(pair.shake_hands());
}

TEST(Dtls, TheClientJudgesTheServersNameAndIssuer) {
  const PkiNode leaf = make_leaf(make_root({"devices"}), {"dev-1"});
  for (const char* name : {"other.example", "192.0.2.1"}) {
    const auto client = client_of(leaf.identity(), name);
    Pair pair = connect();
    CHECK_TRUE(client->prepare(pair.client.get()));
    CHECK_FALSE(pair.shake_hands());
    ERR_clear_error();
  }
  root = make_root({"another root"});
  const auto client = client_of(leaf.identity());
  Pair pair = connect();
  CHECK_TRUE(client->prepare(pair.client.get()));
  CHECK_FALSE(pair.shake_hands());
}

TEST(Dtls, ASessionIsNotResumed) {
  const PkiNode leaf = make_leaf(make_root({"devices"}), {"dev-1"});
  const auto client = client_of(leaf.identity());
  Pair first = connect();
  CHECK_TRUE(client->prepare(first.client.get()));
  CHECK_TRUE(first.shake_hands());
  const Handle<SSL_SESSION, SSL_SESSION_free> session(SSL_get1_session(first.client.get()));
  Pair second = connect();
  CHECK_TRUE(client->prepare(second.client.get()));
  SSL_set_session(second.client.get(), session.get());
  CHECK_TRUE(second.shake_hands());
  CHECK_EQUAL(0, SSL_session_reused(second.server.get()));
  CHECK_TRUE(crypto::presented_chain(second.server.get()) == leaf.chain());
}

TEST(Dtls, AnIdentityMustBeOne) {
  const auto refused = [](const ports::TlsIdentity& identity, Errc code) {
    const auto made = crypto::make_dtls_server(identity);
    CHECK_FALSE(made.has_value());
    CHECK_TRUE(made.error().code == code);
  };
  refused({}, Errc::invalid);
  ports::TlsIdentity identity = server_leaf.identity();
  identity.private_key = make_root({"another"}).private_key;
  refused(identity, Errc::invalid);
  identity = server_leaf.identity();
  identity.chain.front().push_back(0);
  refused(identity, Errc::malformed);
  identity = server_leaf.identity();
  identity.private_key = SecretBytes(Bytes{1, 2, 3});
  refused(identity, Errc::malformed);
}
