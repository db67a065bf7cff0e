#include "shared/crypto/asn1/ecdsa_signature.hpp"

#include <algorithm>

#include "shared/base/assert.hpp"
#include "shared/crypto/asn1/der_reader.hpp"

namespace berth::crypto::asn1 {

namespace {

// A P-521 number, the longest, has 66 bytes; so one length byte does for it, two for the pair.
constexpr std::size_t kMaxNumber = 66;

bool copy_number(DerReader& numbers, std::size_t size, Bytes& to) {
  const std::optional<Element> number = numbers.next(tag::kInteger);
  if (!number || number->content.empty() || (number->content[0] & 0x80) != 0) return false;
  ByteView digits = number->content;
  if (digits.size() > 1 && digits[0] == 0) {
    if ((digits[1] & 0x80) == 0) return false;  // not the shortest form
    digits = digits.subspan(1);
  }
  if (digits.size() > size) return false;
  to.insert(to.end(), size - digits.size(), 0);
  append(to, digits);
  return true;
}

void append_number(Bytes& to, ByteView number) {
  while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
  const bool padded = (number[0] & 0x80) != 0;
  to.push_back(tag::kInteger);
  to.push_back(static_cast<std::uint8_t>(number.size() + (padded ? 1 : 0)));
  if (padded) to.push_back(0);
  append(to, number);
}

}  // namespace

std::optional<Bytes> ecdsa_signature_from_der(ByteView der, std::size_t size) {
  const std::optional<Element> pair = only_element(der, tag::kSequence);
  if (!pair) return std::nullopt;
  DerReader numbers(pair->content);
  Bytes r_and_s;
  r_and_s.reserve(2 * size);
  const bool has_r = copy_number(numbers, size, r_and_s);
  const bool has_both = has_r && copy_number(numbers, size, r_and_s);
  if (!has_both || !numbers.at_end()) return std::nullopt;
  return r_and_s;
}

Bytes ecdsa_signature_to_der(ByteView r_and_s) {
  const std::size_t size = r_and_s.size() / 2;
  BERTH_ASSERT(size > 0 && size <= kMaxNumber && r_and_s.size() == 2 * size);
  Bytes numbers;
  append_number(numbers, r_and_s.first(size));
  append_number(numbers, r_and_s.subspan(size));
  Bytes der{tag::kSequence};
  if (numbers.size() >= 0x80) der.push_back(0x81);
  der.push_back(static_cast<std::uint8_t>(numbers.size()));
  append(der, numbers);
  return der;
}

}  // namespace berth::crypto::asn1
