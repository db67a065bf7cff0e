#include "shared/crypto/openssl/key_pair.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/crypto/openssl/certificate_authority.hpp"

namespace berth {
namespace {

using crypto::openssl::is_key_pair;

TEST_GROUP(KeyPair) {
  std::unique_ptr<ports::CertificateAuthority> authority = crypto::make_certificate_authority();
  ports::KeyPair one = *authority->generate_p256();
  ports::KeyPair other = *authority->generate_p256();
};

TEST(KeyPair, HalvesOfOneKeyBelongTogether) {
  CHECK(is_key_pair(one.private_key.reveal(), one.public_key));
}

TEST(KeyPair, HalvesOfTwoKeysDoNot) {
  CHECK(!is_key_pair(one.private_key.reveal(), other.public_key));
}

TEST(KeyPair, WhatDoesNotParseDoesNot) {
  CHECK(!is_key_pair({}, one.public_key));
  CHECK(!is_key_pair(one.private_key.reveal(), {}));
}

}  // namespace
}  // namespace berth
