#include "shared/domain/audit/seal.hpp"

#include <memory>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/crypto/openssl/certificate_authority.hpp"

using namespace berth;
using namespace berth::domain;

namespace {

const WallTime kNow = from_unix_seconds(1767225600);

template <class T>
T must(Result<T> result) {
  BERTH_ASSERT(result.has_value());
  return std::move(result).value();
}

}  // namespace

TEST_GROUP(AuditSeal) {
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  std::unique_ptr<ports::CertificateAuthority> x509 = crypto::make_certificate_authority();
  ports::KeyPair ca_key = must(x509->generate_p256());
  ports::KeyPair gateway_key = must(x509->generate_p256());
  Bytes ca_der = issue("the CA", ca_key, true, std::nullopt, ca_key.private_key);
  ports::Certificate ca = must(crypto->parse_certificate(ca_der));

  Bytes issue(const std::string& name, const ports::KeyPair& key, bool is_ca,
              const std::optional<Bytes>& issuer, const SecretBytes& issuer_key) {
    ports::CertificateRequest request;
    request.common_name = name;
    request.public_key = key.public_key;
    request.not_before = kNow;
    request.not_after = kNow + std::chrono::hours(24);
    request.is_ca = is_ca;
    return must(x509->issue(request, issuer, issuer_key));
  }

  AuditSeal seal_of(const std::string& signer) {
    AuditSeal seal;
    seal.chain = "coordinator-1";
    seal.position.sequence = 7;
    seal.position.hash.fill(0x5A);
    seal.position.time = kNow;
    seal.signer = signer;
    seal.signed_at = kNow + std::chrono::seconds(1);
    return seal;
  }

  AuditSeal by_ca() {
    AuditSeal seal = seal_of("coordinator-1");
    seal.signature = must(crypto->sign_p256(ca_key.private_key, seal_statement(seal)));
    return seal;
  }
  AuditSeal by_gateway() {
    AuditSeal seal = seal_of("gateway-1");
    seal.certificate = issue("gateway-1", gateway_key, false, ca_der, ca_key.private_key);
    seal.signature = must(crypto->sign_p256(gateway_key.private_key, seal_statement(seal)));
    return seal;
  }
};

TEST(AuditSeal, OfTheCoordinatorIsCheckedWithTheCasKey) {
  CHECK_TRUE(check_seal(by_ca(), ca, *crypto).has_value());
}

TEST(AuditSeal, OfAGatewayIsCheckedWithItsCertificate) {
  CHECK_TRUE(check_seal(by_gateway(), ca, *crypto).has_value());
}

TEST(AuditSeal, IsBoundToAllItSays) {
  for (int member = 0; member < 6; ++member) {
    AuditSeal seal = by_ca();
    switch (member) {
      case 0: seal.chain += "x"; break;
      case 1: ++seal.position.sequence; break;
      case 2: seal.position.hash[31] ^= 1; break;
      case 3: seal.position.time += std::chrono::microseconds(1); break;
      case 4: seal.signer += "x"; break;
      default: seal.signed_at += std::chrono::microseconds(1); break;
    }
    CHECK_FALSE(check_seal(seal, ca, *crypto).has_value());
  }
}

TEST(AuditSeal, OfOneGatewayIsNotAnothers) {
  AuditSeal seal = by_gateway();
  seal.signer = "gateway-2";
  seal.signature = must(crypto->sign_p256(gateway_key.private_key, seal_statement(seal)));
  CHECK_FALSE(check_seal(seal, ca, *crypto).has_value());
}

TEST(AuditSeal, NeedsACertificateOfThisCa) {
  AuditSeal seal = by_gateway();
  const auto other = must(x509->generate_p256());
  const Bytes other_ca = issue("the CA", other, true, std::nullopt, other.private_key);
  seal.certificate = issue("gateway-1", gateway_key, false, other_ca, other.private_key);
  CHECK_FALSE(check_seal(seal, ca, *crypto).has_value());
}

TEST(AuditSeal, RefusesACertificateThatIsNone) {
  AuditSeal seal = by_gateway();
  seal.certificate = {1, 2, 3};
  CHECK_FALSE(check_seal(seal, ca, *crypto).has_value());
}

TEST(AuditSeal, IsReadBackAsItWasWritten) {
  const AuditSeal seal = must(decode_seal(encode_seal(by_gateway())));
  CHECK_TRUE(check_seal(seal, ca, *crypto).has_value());
  CHECK_TRUE(seal.position == by_gateway().position);
}

TEST(AuditSeal, IsRefusedCutShortAnywhere) {
  const Bytes whole = encode_seal(by_ca());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(decode_seal(ByteView(whole).first(size)).has_value());
  }
}

TEST(AuditSeal, NamesTheNodeOfAChain) {
  STRCMP_EQUAL("gw", node_of_chain("gw").c_str());
  STRCMP_EQUAL("gw", node_of_chain("gw~2").c_str());
}
