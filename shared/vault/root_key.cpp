#include "shared/vault/root_key.hpp"

#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/encoding.hpp"

namespace berth::vault {
namespace {

constexpr std::string_view kHead = "berth-root-key-1 ";
constexpr std::string_view kSealedHead = "berth-sealed-root-key-1 ";
constexpr std::size_t kKeyDigits = 2 * kRootKeySize;
constexpr std::size_t kCheckBytes = 4;
constexpr std::size_t kTextSize = kHead.size() + kKeyDigits + 1 + 2 * kCheckBytes + 1;

std::string check_digits(ports::Crypto& crypto, const RootKey& key) {
  return to_hex(ByteView(check_value(crypto, key)).first(kCheckBytes));
}

}  // namespace

ports::Sha256Digest check_value(ports::Crypto& crypto, const RootKey& key) {
  BERTH_ASSERT(key.bytes.size() == kRootKeySize);
  return crypto.hmac_sha256(key.bytes.reveal(), as_bytes("berth 1 root check"));
}

SecretBytes write_root_key(ports::Crypto& crypto, const RootKey& key) {
  std::string digits = to_hex(key.bytes.reveal());
  Bytes text;
  text.reserve(kTextSize);  // no copy of the key is left behind by growing
  append(text, as_bytes(kHead));
  append(text, as_bytes(digits));
  wipe({reinterpret_cast<std::uint8_t*>(digits.data()), digits.size()});
  text.push_back(' ');
  append(text, as_bytes(check_digits(crypto, key)));
  text.push_back('\n');
  return SecretBytes(std::move(text));
}

Result<RootKey> read_root_key(ports::Crypto& crypto, std::string_view text, std::string origin) {
  const Error damaged{Errc::wrong_key, origin +
                                           " is not a whole root key file; put back a copy of the "
                                           "file that was made with this node's data"};
  if (text.size() != kTextSize || !text.starts_with(kHead) || text.back() != '\n') return damaged;
  text.remove_prefix(kHead.size());
  auto bytes = from_hex(text.substr(0, kKeyDigits));
  if (!bytes || text[kKeyDigits] != ' ') return damaged;
  RootKey key{SecretBytes(std::move(*bytes)), std::move(origin)};
  text.remove_prefix(kKeyDigits + 1);
  text.remove_suffix(1);
  if (text != check_digits(crypto, key)) return damaged;
  return key;
}

std::string write_sealed_root_key(ports::Crypto& crypto, const RootKey& key, ByteView sealed) {
  return std::string(kSealedHead) + to_hex(sealed) + " " + check_digits(crypto, key) + "\n";
}

Result<RootKey> read_sealed_root_key(ports::Crypto& crypto, ports::KeySealer& sealer,
                                     std::string_view text, std::string origin) {
  const Error damaged{Errc::wrong_key, origin +
                                           " is not a whole sealed root key; put back a copy of "
                                           "it, or make a new one from the recovery key"};
  constexpr std::size_t kTail = 1 + 2 * kCheckBytes + 1;
  if (!text.starts_with(kSealedHead) || text.size() < kSealedHead.size() + kTail ||
      text.size() > kSealedHead.size() + 2 * ports::kMaxSealedBlob + kTail || text.back() != '\n') {
    return damaged;
  }
  text.remove_prefix(kSealedHead.size());
  const std::string_view digits = text.substr(0, text.size() - kTail);
  const auto sealed = from_hex(digits);
  if (!sealed || text[digits.size()] != ' ') return damaged;
  auto bytes = sealer.unseal(*sealed);
  if (!bytes) {
    return Error{bytes.error().code, origin + ": " + bytes.error().reason +
                                         "; with the recovery key, `berth root-key recover` makes "
                                         "this machine's own"};
  }
  RootKey key{std::move(*bytes), std::move(origin)};
  if (key.bytes.size() != kRootKeySize ||
      text.substr(digits.size() + 1, 2 * kCheckBytes) != check_digits(crypto, key)) {
    return damaged;
  }
  return key;
}

}  // namespace berth::vault
