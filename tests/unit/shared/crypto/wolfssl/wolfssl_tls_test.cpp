// What the port promises is in tests/conformance/crypto; here is what only this backend can.
#include <CppUTest/TestHarness.h>

#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "tests/conformance/crypto/foreign_pki.hpp"
#include "tests/conformance/crypto/tls_pair.hpp"
#include "tests/support/test_pki.hpp"

namespace berth {
namespace {

using testing::ForeignKey;
using testing::ForeignNode;
using testing::PkiNode;
using testing::TlsPair;

TEST_GROUP(WolfsslTls) {
  std::unique_ptr<ports::TlsLibrary> library = crypto::make_wolfssl_tls();
  PkiNode root = testing::make_root({.common_name = "Root"});
  PkiNode gateway = testing::make_leaf(root, {.common_name = "gateway", .dns_names = {"gateway"}});
  std::unique_ptr<ports::TlsContext> server;
  std::unique_ptr<ports::TlsContext> client;

  TlsPair pair(bool tls13_only, const ports::TlsIdentity& device) {
    ports::TlsServerSettings server_side;
    server_side.identity = gateway.identity();
    server_side.tls13_only = tls13_only;
    ports::TlsClientSettings client_side;
    client_side.trusted = {root.certificate};
    client_side.identity = device;
    client_side.tls13_only = tls13_only;
    server = std::move(*library->server(server_side));
    client = std::move(*library->client(client_side));
    TlsPair ends;
    ends.server = server->new_engine("");
    ends.client = client->new_engine("gateway");
    return ends;
  }
};

TEST(WolfsslTls, TwoOfThemSpeakTls13) {
  for (const bool tls13_only : {false, true}) {
    TlsPair ends = pair(tls13_only, {});
    CHECK(ends.handshake());
    STRCMP_EQUAL("TLSv1.3", ends.server->peer().version.c_str());
  }
}

TEST(WolfsslTls, AClientWithRsaIsSeenInTls13) {
  const ForeignNode ca = testing::make_foreign_ca(ForeignKey::rsa2048);
  const ForeignNode device = testing::make_foreign_leaf(ca, ForeignKey::rsa2048, {});
  TlsPair ends = pair(true, {{device.certificate, ca.certificate}, device.private_key});
  CHECK(ends.handshake());
  CHECK(ends.server->peer().chain == (std::vector<Bytes>{device.certificate, ca.certificate}));
}

TEST(WolfsslTls, TheSentenceNamesAnUnknownCriticalExtension) {
  const ForeignNode ca = testing::make_foreign_ca(ForeignKey::p256);
  const ForeignNode device =
      testing::make_foreign_leaf(ca, ForeignKey::p256, {.unknown_critical_extension = true});
  TlsPair ends = pair(false, {{device.certificate}, device.private_key});
  CHECK(!ends.handshake());
  STRCMP_CONTAINS("a critical extension that is unknown here", ends.server->failure().c_str());
}

TEST(WolfsslTls, ThePeersAlertIsNamed) {
  TlsPair ends = pair(false, {});
  ends.client = client->new_engine("elsewhere");
  CHECK(!ends.handshake());
  STRCMP_CONTAINS("the peer ended the connection: bad_certificate (alert 42)",
                  ends.server->failure().c_str());
}

}  // namespace
}  // namespace berth
