#include "shared/crypto/asn1/rsa_public_key.hpp"

#include <array>
#include <cstddef>

#include "shared/base/assert.hpp"
#include "shared/crypto/asn1/certificate_reader.hpp"
#include "shared/crypto/asn1/der_reader.hpp"

namespace berth::crypto::asn1 {

namespace {

// X.690 section 8.1.3: one byte below 128, else the number of length bytes before them. Two are
// enough for a key of kMaxRsaBits.
void append_length(Bytes& to, std::size_t length) {
  BERTH_ASSERT(length <= 0xFFFF);
  if (length > 0xFF) {
    to.push_back(0x82);
    to.push_back(static_cast<std::uint8_t>(length >> 8U));
  } else if (length > 0x7F) {
    to.push_back(0x81);
  }
  to.push_back(static_cast<std::uint8_t>(length & 0xFFU));
}

// X.690 section 8.3: the shortest form, with a zero byte where the number would seem negative.
void append_number(Bytes& to, ByteView number) {
  while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
  const bool padded = number.empty() || (number[0] & 0x80) != 0;
  to.push_back(tag::kInteger);
  append_length(to, number.size() + (padded ? 1 : 0));
  if (padded) to.push_back(0);
  append(to, number);
}

}  // namespace

Bytes rsa_public_key_to_der(const ports::RsaPublicKey& key) {
  BERTH_ASSERT(key.modulus.size() <= kMaxRsaBits / 8);
  Bytes numbers;
  append_number(numbers, key.modulus);
  const std::array exponent{static_cast<std::uint8_t>(key.exponent >> 24U),
                            static_cast<std::uint8_t>(key.exponent >> 16U & 0xFFU),
                            static_cast<std::uint8_t>(key.exponent >> 8U & 0xFFU),
                            static_cast<std::uint8_t>(key.exponent & 0xFFU)};
  append_number(numbers, exponent);
  Bytes der{tag::kSequence};
  append_length(der, numbers.size());
  append(der, numbers);
  return der;
}

}  // namespace berth::crypto::asn1
