#include "shared/domain/attestation/evidence.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/support/fake_crypto.hpp"

using namespace berth;
using namespace berth::domain;

TEST_GROUP(PresentedChain) {
  testing::FakeCrypto crypto;

  Bytes der(const std::string& subject) {
    return crypto.make({.subject = subject, .issuer = "CN=ca"}).der;
  }
};

TEST(PresentedChain, IsParsedInTheOrderPresented) {
  const std::vector<Bytes> presented{der("CN=leaf"), der("CN=ca")};
  const auto chain = parse_presented_chain(presented, crypto);
  CHECK_TRUE(chain.has_value());
  CHECK_EQUAL(2, chain->size());
  CHECK_TRUE((*chain)[0].common_name == "leaf");
  CHECK_TRUE((*chain)[1].common_name == "ca");
}

TEST(PresentedChain, MayBeAsLongAsTheLimit) {
  const std::vector<Bytes> presented(kMaxPresentedCertificates, der("CN=leaf"));
  CHECK_TRUE(parse_presented_chain(presented, crypto).has_value());
}

TEST(PresentedChain, IsRefusedPastTheLimitBeforeAnythingIsParsed) {
  const std::vector<Bytes> presented(kMaxPresentedCertificates + 1, der("CN=leaf"));
  const auto chain = parse_presented_chain(presented, crypto);
  CHECK_FALSE(chain.has_value());
  CHECK_TRUE(chain.error().code == Errc::too_large);
  CHECK_EQUAL(0, crypto.certificates_parsed());
}

TEST(PresentedChain, IsRefusedIfOneCertificateIsTooLargeBeforeAnythingIsParsed) {
  const std::vector<Bytes> presented{der("CN=leaf"), Bytes(kMaxCertificateSize + 1, 0x30)};
  const auto chain = parse_presented_chain(presented, crypto);
  CHECK_FALSE(chain.has_value());
  CHECK_TRUE(chain.error().code == Errc::too_large);
  CHECK_EQUAL(0, crypto.certificates_parsed());
}

TEST(PresentedChain, ACertificateOfTheLargestSizeIsParsed) {
  const std::vector<Bytes> presented{Bytes(kMaxCertificateSize, 0x30)};
  const auto chain = parse_presented_chain(presented, crypto);
  CHECK_FALSE(chain.has_value());
  CHECK_TRUE(chain.error().code == Errc::certificate_refused);
}

TEST(PresentedChain, NamesTheCertificateThatDoesNotParse) {
  const std::vector<Bytes> presented{der("CN=leaf"), Bytes{1, 2, 3}};
  const auto chain = parse_presented_chain(presented, crypto);
  CHECK_FALSE(chain.has_value());
  CHECK_TRUE(chain.error().code == Errc::certificate_refused);
  CHECK_TRUE(chain.error().reason.find("certificate 2 ") != std::string::npos);
}
