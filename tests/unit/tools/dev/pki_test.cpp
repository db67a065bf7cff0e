#include "tools/dev/pki.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/crypto/openssl/certificate_authority.hpp"
#include "shared/crypto/pem.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tools/dev/files.hpp"

using namespace berth;
using dev::DevPki;

TEST_GROUP(DevPki) {
  testing::TemporaryFolder folder_;
  testing::FakeClock clock_;
  std::unique_ptr<ports::CertificateAuthority> authority_ = crypto::make_certificate_authority();
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_mbedtls_crypto();

  DevPki open() {
    return DevPki::open(folder_.path(), *authority_, clock_).value();
  }
  std::vector<ports::Certificate> chain_of(const dev::CertificateFiles& files) {
    std::vector<ports::Certificate> chain;
    const std::string text = dev::read_file(files.certificate).value();
    const auto certificates = crypto::read_pem_certificates(text);
    for (const Bytes& der : certificates.value()) {
      chain.push_back(crypto_->parse_certificate(der).value());
    }
    return chain;
  }
};

TEST(DevPki, MakesACaThatSignsItsServers) {
  DevPki pki = open();
  const auto files = pki.server("hub-1", {"localhost"}, {"127.0.0.1"});
  const auto chain = chain_of(*files);
  LONGS_EQUAL(2, chain.size());
  CHECK(chain[1].is_ca);
  CHECK(chain[1].der == pki.ca_certificate());
  CHECK(crypto_->is_signed_by(chain[0], chain[1]));
  STRCMP_EQUAL("hub-1", chain[0].common_name.c_str());
  const auto key = crypto::read_pem_private_key(dev::read_file(files->private_key).value());
  CHECK(authority_->public_key_of(*key).value() == chain[0].public_key);
}

TEST(DevPki, ASecondStartFindsWhatTheFirstMade) {
  const Bytes ca = open().ca_certificate();
  const auto first = chain_of(*open().server("hub-1", {"localhost"}, {}));
  DevPki again = open();
  CHECK(again.ca_certificate() == ca);
  CHECK(chain_of(*again.server("hub-1", {"localhost"}, {}))[0].der == first[0].der);
  // What is made later is signed by the same CA.
  const auto later = chain_of(*again.server("hub-2", {"localhost"}, {}));
  CHECK(crypto_->is_signed_by(later[0], first[1]));
}

TEST(DevPki, ADamagedCaIsSaidAndNotReplaced) {
  open();
  CHECK(dev::write_file(folder_.file("ca.key"), "nonsense", dev::FileMode::owner_only).has_value());
  const auto refused = DevPki::open(folder_.path(), *authority_, clock_);
  CHECK(refused.error().code == Errc::malformed);
  CHECK(refused.error().reason.find("ca.key") != std::string::npos);
  STRCMP_EQUAL("nonsense", dev::read_file(folder_.file("ca.key"))->c_str());
}
