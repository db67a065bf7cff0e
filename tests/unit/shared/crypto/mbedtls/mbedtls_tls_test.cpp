// What the port promises is in tests/conformance/crypto; here is what this backend has not.
#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"

namespace berth {
namespace {

TEST_GROUP(MbedtlsTls) {
  std::unique_ptr<ports::TlsLibrary> library = crypto::make_mbedtls_tls();
};

TEST(MbedtlsTls, AServerOfTls13AloneIsUnsupported) {
  ports::TlsServerSettings settings;
  settings.tls13_only = true;
  CHECK(library->server(settings).error().code == Errc::unsupported);
}

TEST(MbedtlsTls, AClientOfTls13AloneIsUnsupported) {
  ports::TlsClientSettings settings;
  settings.accept_any_server = true;
  settings.tls13_only = true;
  CHECK(library->client(settings).error().code == Errc::unsupported);
}

}  // namespace
}  // namespace berth
