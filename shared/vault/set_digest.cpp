#include "shared/vault/set_digest.hpp"

#include <algorithm>

#include "shared/base/fields.hpp"

namespace berth::vault {

DigestElement digest_element(ports::Crypto& crypto, ByteView key, std::uint8_t table,
                             std::string_view id, std::uint64_t version, ByteView body) {
  const Bytes message =
      FieldWriter().u8(table).u64(version).raw(crypto.sha256(body)).raw(as_bytes(id)).take();
  return crypto.hmac_sha256(key, message);
}

void SetDigest::add(const DigestElement& element) {
  unsigned carry = 0;
  for (std::size_t i = sum_.size(); i-- > 0;) {
    carry += static_cast<unsigned>(sum_[i]) + element[i];
    sum_[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
}

void SetDigest::remove(const DigestElement& element) {
  unsigned borrow = 0;
  for (std::size_t i = sum_.size(); i-- > 0;) {
    const unsigned difference = 256U + sum_[i] - element[i] - borrow;
    sum_[i] = static_cast<std::uint8_t>(difference);
    borrow = difference < 256U ? 1 : 0;
  }
}

std::optional<SetDigest> SetDigest::parse(ByteView bytes) {
  SetDigest digest;
  if (bytes.size() != digest.sum_.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), digest.sum_.begin());
  return digest;
}

}  // namespace berth::vault
