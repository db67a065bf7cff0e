#include "shared/crypto/openssl/dtls_identity.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/unit/shared/crypto/openssl/dtls_bench.hpp"

using namespace berth;
using namespace berth::testing;

TEST_GROUP(DtlsIdentity) {
  DtlsBench bench;
};

TEST(DtlsIdentity, IsACertificateWithItsKey) {
  const auto refused = [](const ports::TlsIdentity& identity, Errc code) {
    const auto made = crypto::openssl::DtlsIdentity::read(identity);
    CHECK_FALSE(made.has_value());
    CHECK_TRUE(made.error().code == code);
  };
  refused({}, Errc::invalid);
  ports::TlsIdentity identity = bench.server_leaf.identity();
  identity.private_key = make_root({"another"}).private_key;
  refused(identity, Errc::invalid);
  identity = bench.server_leaf.identity();
  identity.chain.front().push_back(0);
  refused(identity, Errc::malformed);
  identity = bench.server_leaf.identity();
  identity.private_key = SecretBytes(Bytes{1, 2, 3});
  refused(identity, Errc::malformed);
}

TEST(DtlsIdentity, PresentsItsWholeChain) {
  const PkiNode intermediate = make_intermediate(make_root({"devices"}), {"intermediate"});
  const PkiNode leaf = make_leaf(intermediate, {"dev-1"});
  const auto identity = crypto::openssl::DtlsIdentity::read(leaf.identity());
  const DtlsPair pair = bench.connect();
  CHECK_TRUE(identity->present(pair.client.get()));
  STACK_OF(X509)* above = nullptr;
  SSL_get0_chain_certs(pair.client.get(), &above);
  CHECK_EQUAL(1, sk_X509_num(above));
  CHECK_TRUE(crypto::openssl::der_of(sk_X509_value(above, 0)) == intermediate.certificate);
  CHECK_TRUE(crypto::openssl::der_of(SSL_get_certificate(pair.client.get())) == leaf.certificate);
}
