// Our TLS servers against an independent client: OpenSSL.
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "tests/conformance/crypto/backend.hpp"
#include "tests/conformance/crypto/foreign_pki.hpp"
#include "tests/conformance/crypto/openssl_client.hpp"
#include "tests/support/test_pki.hpp"

namespace berth {
namespace {

using ports::TlsContext;
using ports::TlsEngine;
using testing::ForeignKey;
using testing::ForeignNode;
using testing::OpensslClient;
using testing::PkiNode;

TEST_GROUP(TlsServer) {
  std::unique_ptr<ports::TlsLibrary> library = testing::make_tls_for_server();
  PkiNode root = testing::make_root({.common_name = "Site root"});
  PkiNode gateway = testing::make_leaf(root, {.common_name = "gateway", .dns_names = {"gateway"}});
  PkiNode device = testing::make_leaf(root, {.common_name = "dev-1"});
  std::unique_ptr<TlsContext> context = make_context(false);

  std::unique_ptr<TlsContext> make_context(bool tls13_only) {
    ports::TlsServerSettings settings;
    settings.identity = gateway.identity();
    settings.tls13_only = tls13_only;
    Result<std::unique_ptr<TlsContext>> made = library->server(settings);
    return made ? std::move(*made) : nullptr;
  }
  // mbedTLS 2.28 has TLS 1.2 only.
  std::vector<bool> versions() {
    return make_context(true) ? std::vector<bool>{false, true} : std::vector<bool>{false};
  }
  void check_server_sees(const OpensslClient::Options& options) {
    const std::unique_ptr<TlsEngine> engine = context->new_engine("");
    OpensslClient client(options);
    const bool connected = client.connect(*engine);
    CHECK_TEXT(connected, engine->failure().c_str());
    CHECK(engine->peer().chain == options.chain);
    STRCMP_EQUAL(options.tls13 ? "TLSv1.3" : "TLSv1.2", engine->peer().version.c_str());
  }
};

TEST(TlsServer, AClientWithoutACertificateConnects) {
  for (const bool tls13 : versions()) check_server_sees({.tls13 = tls13});
}

TEST(TlsServer, AClientWithP256Connects) {
  for (const bool tls13 : versions()) {
    check_server_sees(
        {.tls13 = tls13, .chain = device.chain(true), .private_key = device.private_key});
  }
}

TEST(TlsServer, AClientWithRsaConnects) {
  const ForeignNode ca = testing::make_foreign_ca(ForeignKey::rsa2048);
  const ForeignNode rsa = testing::make_foreign_leaf(ca, ForeignKey::rsa2048, {});
  for (const bool tls13 : versions()) {
    check_server_sees({.tls13 = tls13,
                       .chain = {rsa.certificate, ca.certificate},
                       .private_key = rsa.private_key});
  }
}

TEST(TlsServer, AClientWithP384Connects) {
  const ForeignNode ca = testing::make_foreign_ca(ForeignKey::p384);
  const ForeignNode curve = testing::make_foreign_leaf(ca, ForeignKey::p384, {});
  for (const bool tls13 : versions()) {
    check_server_sees({.tls13 = tls13,
                       .chain = {curve.certificate, ca.certificate},
                       .private_key = curve.private_key});
  }
}

TEST(TlsServer, AClientWhoseKeyIsNotItsCertificatesIsRefused) {
  for (const bool tls13 : versions()) {
    const std::unique_ptr<TlsEngine> engine = context->new_engine("");
    OpensslClient client({.tls13 = tls13,
                          .chain = device.chain(),
                          .private_key = testing::make_mismatched_key(device.certificate)});
    CHECK(!client.connect(*engine));
    CHECK(!engine->failure().empty());
  }
}

// Neither library goes on with what it does not know, whatever its callback says.
TEST(TlsServer, AClientWithAnUnknownCriticalExtensionIsRefused) {
  const ForeignNode ca = testing::make_foreign_ca(ForeignKey::p256);
  const ForeignNode odd =
      testing::make_foreign_leaf(ca, ForeignKey::p256, {.unknown_critical_extension = true});
  for (const bool tls13 : versions()) {
    const std::unique_ptr<TlsEngine> engine = context->new_engine("");
    OpensslClient client(
        {.tls13 = tls13, .chain = {odd.certificate}, .private_key = odd.private_key});
    CHECK(!client.connect(*engine));
    CHECK(!engine->failure().empty());
  }
}

TEST(TlsServer, NoSessionIsResumed) {
  for (const bool tls13 : versions()) {
    OpensslClient client(
        {.tls13 = tls13, .chain = device.chain(), .private_key = device.private_key});
    const std::unique_ptr<TlsEngine> first = context->new_engine("");
    CHECK(client.connect(*first));
    const std::unique_ptr<TlsEngine> second = context->new_engine("");
    CHECK(client.connect(*second));
    CHECK(!client.resumed());
    CHECK(second->peer().chain == device.chain());
  }
}

TEST(TlsServer, AServerOfTls13AloneRefusesTls12) {
  const std::unique_ptr<TlsContext> strict = make_context(true);
  if (strict == nullptr) {
    ports::TlsServerSettings settings;
    settings.identity = gateway.identity();
    settings.tls13_only = true;
    CHECK(library->server(settings).error().code == Errc::unsupported);
    return;
  }
  const std::unique_ptr<TlsEngine> engine = strict->new_engine("");
  OpensslClient client({.tls13 = false});
  CHECK(!client.connect(*engine));
  STRCMP_CONTAINS("TLS version", engine->failure().c_str());
}

}  // namespace
}  // namespace berth
