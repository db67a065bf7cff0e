#include "shared/vault/key_hierarchy.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/base/fields.hpp"
#include "shared/vault/set_digest.hpp"

namespace berth::vault {
namespace {

constexpr std::uint8_t kBundleFormat = 1;
// The root key's own number, for the day when it rotates.
constexpr std::uint32_t kRootKeyVersion = 1;
constexpr std::size_t kKeySize = 32;
static_assert(kKeySize == ports::kAesKeySize && kKeySize == kDigestKeySize);

SecretBytes derive(ports::Crypto& crypto, const RootKey& root, std::string_view label) {
  auto mac = crypto.hmac_sha256(root.bytes.reveal(), as_bytes(label));
  auto key = SecretBytes::copy_of(mac);
  wipe(mac);
  return key;
}

Place keys_place(const BlindKey& row_key) {
  return {.purpose = Purpose::tenant_keys, .tenant = {}, .row_key = row_key};
}

Place fact_place(std::string_view name) {
  return {.purpose = Purpose::node, .tenant = {}, .row_key = as_bytes(name)};
}

// The content of a sealed bundle: format, name, the three single keys, then the data keys.
SecretBytes write_bundle(const NamedKeys& named) {
  FieldWriter writer(1 + 4 + named.tenant.size() + 3 * kKeySize + 4 +
                     named.keys.data.size() * (4 + kKeySize));
  writer.u8(kBundleFormat).text(named.tenant);
  writer.raw(named.keys.index.reveal())
      .raw(named.keys.digest.reveal())
      .raw(named.keys.integrity.reveal());
  writer.u32(static_cast<std::uint32_t>(named.keys.data.size()));
  for (const SealingKey& key : named.keys.data) writer.u32(key.version).raw(key.bytes.reveal());
  return SecretBytes(writer.take());
}

Result<NamedKeys> read_bundle(ByteView content) {
  const Error damaged{Errc::corrupt, "the tenant's keys do not parse"};
  FieldReader reader(content);
  if (reader.u8() != kBundleFormat) return damaged;
  NamedKeys named;
  named.tenant = std::string(reader.text());
  named.keys.index = SecretBytes::copy_of(reader.raw(kKeySize));
  named.keys.digest = SecretBytes::copy_of(reader.raw(kKeySize));
  named.keys.integrity = SecretBytes::copy_of(reader.raw(kKeySize));
  const std::uint32_t count = reader.u32();
  if (!reader.ok() || count == 0 || count > kMaxDataKeys) return damaged;
  std::uint32_t last = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    SealingKey key;
    key.version = reader.u32();
    key.bytes = SecretBytes::copy_of(reader.raw(kKeySize));
    if (!reader.ok() || key.version <= last) return damaged;
    last = key.version;
    named.keys.data.push_back(std::move(key));
  }
  if (!reader.at_end()) return damaged;
  return named;
}

}  // namespace

const SealingKey* TenantKeys::data_key(std::uint32_t version) const {
  const auto found = std::find_if(data.begin(), data.end(), [version](const SealingKey& key) {
    return key.version == version;
  });
  return found == data.end() ? nullptr : &*found;
}

TenantKeys make_tenant_keys(ports::Entropy& entropy) {
  TenantKeys keys;
  keys.data.push_back({1, entropy.secret(kKeySize)});
  keys.index = entropy.secret(kKeySize);
  keys.digest = entropy.secret(kKeySize);
  keys.integrity = entropy.secret(kKeySize);
  return keys;
}

Result<void> rotate_data_key(TenantKeys& keys, ports::Entropy& entropy) {
  if (keys.data.size() >= kMaxDataKeys) {
    return Error{Errc::unavailable, "the tenant has used up its data keys; seal its rows anew"};
  }
  keys.data.push_back({keys.data.back().version + 1, entropy.secret(kKeySize)});
  return {};
}

KeyHierarchy::KeyHierarchy(ports::Crypto& crypto, const RootKey& root)
    : crypto_(crypto),
      key_encryption_key_{kRootKeyVersion, derive(crypto, root, "berth 1 key encryption")},
      name_key_(derive(crypto, root, "berth 1 tenant names")) {}

BlindKey KeyHierarchy::blind_tenant(std::string_view tenant) const {
  // ID scopes are compared without regard to case (shared/domain/model/ids.hpp).
  return blind_row(crypto_, name_key_, 0, to_lower(tenant));
}

Bytes KeyHierarchy::seal(ports::Entropy& entropy, const NamedKeys& keys) const {
  const BlindKey row_key = blind_tenant(keys.tenant);
  return vault::seal(crypto_, entropy, key_encryption_key_, keys_place(row_key),
                     write_bundle(keys).reveal());
}

Result<NamedKeys> KeyHierarchy::open(const BlindKey& row_key, ByteView sealed) const {
  auto content = vault::open(crypto_, key_encryption_key_, keys_place(row_key), sealed);
  if (!content) return content.error();
  const SecretBytes bundle(std::move(content).value());
  auto named = read_bundle(bundle.reveal());
  if (named && blind_tenant(named->tenant) != row_key) {
    return Error{Errc::corrupt, "the keys are another tenant's"};
  }
  return named;
}

Bytes KeyHierarchy::seal_fact(ports::Entropy& entropy, std::string_view name,
                              ByteView content) const {
  return vault::seal(crypto_, entropy, key_encryption_key_, fact_place(name), content);
}

Result<Bytes> KeyHierarchy::open_fact(std::string_view name, ByteView sealed) const {
  return vault::open(crypto_, key_encryption_key_, fact_place(name), sealed);
}

}  // namespace berth::vault
