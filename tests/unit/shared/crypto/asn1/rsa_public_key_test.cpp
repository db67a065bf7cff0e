#include "shared/crypto/asn1/rsa_public_key.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"

namespace berth {
namespace {

TEST_GROUP(RsaPublicKey){static std::string der(Bytes modulus, std::uint32_t exponent){
    return to_hex(crypto::asn1::rsa_public_key_to_der({std::move(modulus), exponent}));
}
};  // namespace berth

// Numbers by X.690 section 8.3, lengths by section 8.1.3.
TEST(RsaPublicKey, WritesTheShortestForms) {
  STRCMP_EQUAL("300602010b020103", der({0x0B}, 3).c_str());
  STRCMP_EQUAL("3009020200800203010001", der({0x80}, 65537).c_str());
  STRCMP_EQUAL("300602010b020103", der({0, 0, 0x0B}, 3).c_str());
  STRCMP_EQUAL("3006020100020100", der({}, 0).c_str());
}

TEST(RsaPublicKey, WritesLengthsOfOneTwoAndThreeBytes) {
  STRCMP_CONTAINS("30818602818000", der(Bytes(0x7F, 0xFF), 3).substr(0, 16).c_str());
  STRCMP_CONTAINS("3082010a0282010100ff", der(Bytes(0x100, 0xFF), 65537).substr(0, 20).c_str());
}

}  // namespace
}  // namespace berth
