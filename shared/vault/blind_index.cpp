#include "shared/vault/blind_index.hpp"

#include <algorithm>

#include "shared/base/fields.hpp"

namespace berth::vault {
namespace {

// Index numbers begin at 1, so that a row key is never a term's.
constexpr std::uint8_t kRow = 0;

BlindKey blind(ports::Crypto& crypto, const SecretBytes& index_key, std::uint8_t table,
               std::uint8_t index, std::string_view value) {
  const Bytes message = FieldWriter().u8(table).u8(index).raw(as_bytes(value)).take();
  const auto mac = crypto.hmac_sha256(index_key.reveal(), message);
  BlindKey key{};
  std::copy_n(mac.begin(), key.size(), key.begin());
  return key;
}

}  // namespace

BlindKey blind_row(ports::Crypto& crypto, const SecretBytes& index_key, std::uint8_t table,
                   std::string_view id) {
  return blind(crypto, index_key, table, kRow, id);
}

BlindKey blind_term(ports::Crypto& crypto, const SecretBytes& index_key, std::uint8_t table,
                    std::uint8_t index, std::string_view value) {
  return blind(crypto, index_key, table, index, value);
}

}  // namespace berth::vault
