#include "shared/crypto/openssl/dtls_server.hpp"

#include <array>

#include <CppUTest/TestHarness.h>

#include "tests/unit/shared/crypto/openssl/dtls_bench.hpp"

using namespace berth;
using namespace berth::testing;

TEST_GROUP(DtlsServer) {
  DtlsBench bench;
};

TEST(DtlsServer, AnEphemeralPreSharedKeyIsPreferredWhateverTheClientPrefers) {
  DtlsPair pair = bench.connect_with_psk(
      "PSK-AES128-CCM8:PSK-AES128-GCM-SHA256:ECDHE-PSK-AES128-CBC-SHA256:"
      "ECDHE-PSK-CHACHA20-POLY1305");
  CHECK_TRUE(pair.shake_hands());
  STRCMP_EQUAL("ECDHE-PSK-CHACHA20-POLY1305", SSL_get_cipher_name(pair.server.get()));
  CHECK_TRUE(crypto::presented_chain(pair.server.get()).empty());
}

TEST(DtlsServer, TheSuiteThatSmallDevicesMustHaveIsTaken) {
  DtlsPair pair = bench.connect_with_psk("PSK-AES128-CCM8");
  CHECK_TRUE(pair.shake_hands());
}

TEST(DtlsServer, AnyChainIsTakenAndKeptWithItsLeafFirst) {
  const PkiNode foreign = make_root({"nobody knows this CA"});
  const PkiNode intermediate = make_intermediate(foreign, {"intermediate"});
  const PkiNode leaf = make_leaf(intermediate, {"dev-1"});
  const auto client = bench.client_of(leaf.identity());
  DtlsPair pair = bench.connect();
  CHECK_TRUE(client->prepare(pair.client.get()));
  CHECK_TRUE(pair.shake_hands());
  CHECK_TRUE(crypto::presented_chain(pair.server.get()) == leaf.chain());
  LONGS_EQUAL(2, leaf.chain().size());
}

TEST(DtlsServer, WithoutAnyCredentialThereIsNoSession) {
  const auto client = bench.client_of({});
  DtlsPair pair = bench.connect();
  CHECK_TRUE(client->prepare(pair.client.get()));
  CHECK_FALSE(pair.shake_hands());
}

TEST(DtlsServer, ANewHandshakeInAnEstablishedSessionIsTold) {
  const char* suite = "ECDHE-PSK-CHACHA20-POLY1305";
  DtlsPair pair = bench.connect_with_psk(suite);
  CHECK_TRUE(pair.shake_hands());
  int told = 0;
  crypto::watch_for_restart(
      pair.server.get(), [](void* of) { ++*static_cast<int*>(of); }, &told);
  std::array<char, 16> buffer{};
  CHECK_EQUAL(5, SSL_write(pair.client.get(), "hello", 5));
  CHECK_EQUAL(5, SSL_read(pair.server.get(), buffer.data(), 16));
  CHECK_EQUAL(0, told);
  // The client begins anew, and knows nothing of the session.
  DtlsPair restarted = bench.connect_with_psk(suite);
  BIO* up = SSL_get_rbio(pair.server.get());
  BIO_up_ref(up);
  SSL_set0_wbio(restarted.client.get(), up);
  CHECK_TRUE(SSL_do_handshake(restarted.client.get()) < 1);
  CHECK_TRUE(SSL_read(pair.server.get(), buffer.data(), 16) < 1);
  CHECK_EQUAL(1, told);
}

TEST(DtlsServer, ASessionIsNotResumed) {
  const PkiNode leaf = make_leaf(make_root({"devices"}), {"dev-1"});
  const auto client = bench.client_of(leaf.identity());
  DtlsPair first = bench.connect();
  CHECK_TRUE(client->prepare(first.client.get()));
  CHECK_TRUE(first.shake_hands());
  const crypto::openssl::Handle<SSL_SESSION, SSL_SESSION_free> session(
      SSL_get1_session(first.client.get()));
  DtlsPair second = bench.connect();
  CHECK_TRUE(client->prepare(second.client.get()));
  SSL_set_session(second.client.get(), session.get());
  CHECK_TRUE(second.shake_hands());
  CHECK_EQUAL(0, SSL_session_reused(second.server.get()));
  CHECK_TRUE(crypto::presented_chain(second.server.get()) == leaf.chain());
}
