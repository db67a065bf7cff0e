// ECDSA P-256 with SHA-256: RFC 6979 appendix A.2.5 ("sample").
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/crypto/openssl/certificate_authority.hpp"
#include "tests/conformance/crypto/backend.hpp"

namespace berth {
namespace {

Bytes hex(const std::string& text) {
  return from_hex(text).value();
}

// The 26 bytes of DER before the point of every P-256 SubjectPublicKeyInfo (RFC 5480).
const std::string kSpkiHead = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
const std::string kPoint =
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
const std::string kSignature =
    "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
// PKCS#8 around the private key of the RFC, without the optional public key.
const std::string kPrivateKey =
    "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420"
    "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";

TEST_GROUP(Ecdsa) {
  std::unique_ptr<ports::Crypto> crypto = testing::make_crypto_under_test();
  std::unique_ptr<ports::CertificateAuthority> authority = crypto::make_certificate_authority();
  Bytes public_key = hex(kSpkiHead + kPoint);
};

TEST(Ecdsa, ThePublishedSignatureVerifies) {
  CHECK(crypto->verify_p256(public_key, as_bytes("sample"), hex(kSignature)));
}

TEST(Ecdsa, ThePublishedSignatureIsNotOfAnotherMessage) {
  CHECK(!crypto->verify_p256(public_key, as_bytes("simple"), hex(kSignature)));
}

TEST(Ecdsa, EveryAlteredByteOfASignatureIsFound) {
  const Bytes signature = hex(kSignature);
  for (std::size_t i = 0; i < signature.size(); ++i) {
    Bytes altered = signature;
    altered[i] ^= 1;
    CHECK(!crypto->verify_p256(public_key, as_bytes("sample"), altered));
  }
}

TEST(Ecdsa, EveryTruncatedSignatureIsRefused) {
  const Bytes signature = hex(kSignature);
  for (std::size_t size = 0; size < signature.size(); ++size) {
    CHECK(!crypto->verify_p256(public_key, as_bytes("sample"), ByteView(signature).first(size)));
  }
}

TEST(Ecdsa, APointOffTheCurveIsRefused) {
  Bytes off = public_key;
  off.back() ^= 1;
  CHECK(!crypto->verify_p256(off, as_bytes("sample"), hex(kSignature)));
}

TEST(Ecdsa, ATruncatedPublicKeyIsRefused) {
  for (std::size_t size = 0; size < public_key.size(); ++size) {
    CHECK(!crypto->verify_p256(ByteView(public_key).first(size), as_bytes("sample"),
                               hex(kSignature)));
  }
}

TEST(Ecdsa, SignsWithThePublishedKey) {
  const SecretBytes key(hex(kPrivateKey));
  const Result<Bytes> signature = crypto->sign_p256(key, as_bytes("sample"));
  CHECK(signature.has_value());
  CHECK(crypto->verify_p256(public_key, as_bytes("sample"), *signature));
}

TEST(Ecdsa, SignsManyMessagesOfManyKeys) {
  for (int i = 0; i < 20; ++i) {
    const Result<ports::KeyPair> pair = authority->generate_p256();
    CHECK(pair.has_value());
    const std::string message = "message " + std::to_string(i);
    const Result<Bytes> signature = crypto->sign_p256(pair->private_key, as_bytes(message));
    CHECK(signature.has_value());
    CHECK(crypto->verify_p256(pair->public_key, as_bytes(message), *signature));
    CHECK(!crypto->verify_p256(public_key, as_bytes(message), *signature));
  }
}

TEST(Ecdsa, SignsAnEmptyMessage) {
  const Result<Bytes> signature = crypto->sign_p256(SecretBytes(hex(kPrivateKey)), {});
  CHECK(signature.has_value());
  CHECK(crypto->verify_p256(public_key, {}, *signature));
}

TEST(Ecdsa, DoesNotSignWithATruncatedKey) {
  const Bytes key = hex(kPrivateKey);
  for (std::size_t size = 0; size < key.size(); ++size) {
    const Result<Bytes> signature =
        crypto->sign_p256(SecretBytes::copy_of(ByteView(key).first(size)), as_bytes("sample"));
    CHECK(!signature.has_value());
    CHECK(signature.error().code == Errc::malformed);
  }
}

// The order of the curve is the first number that is no key.
TEST(Ecdsa, DoesNotSignWithAKeyOutOfRange) {
  const std::string order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
  const SecretBytes key(hex(kPrivateKey.substr(0, kPrivateKey.size() - order.size()) + order));
  const Result<Bytes> signature = crypto->sign_p256(key, as_bytes("sample"));
  CHECK(!signature.has_value());
  CHECK(signature.error().code == Errc::malformed);
}

}  // namespace
}  // namespace berth
