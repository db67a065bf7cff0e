// The keys of a node (design section 5):
//
//   root key ─┬─ key-encryption key ── seals each tenant's keys, which are random
//             └─ name key ──────────── blinds tenants' names
//   tenant ───┬─ data keys, numbered; the newest seals, all open
//             ├─ index key      blinds IDs and index terms
//             ├─ digest key     set digest shared with the tenant's gateways
//             └─ integrity key  set digests that the store keeps over itself
//
// Forgetting a tenant's sealed keys forgets its data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/vault/blind_index.hpp"
#include "shared/vault/envelope.hpp"
#include "shared/vault/root_key.hpp"

namespace berth::vault {

// Most data keys that one tenant collects before its oldest rows must have been sealed anew.
inline constexpr std::size_t kMaxDataKeys = 256;

struct TenantKeys {
  std::vector<SealingKey> data;  // ascending versions, from 1; never empty
  SecretBytes index;
  SecretBytes digest;
  SecretBytes integrity;

  [[nodiscard]] const SealingKey& sealing_key() const { return data.back(); }
  // Null if this tenant never had that version.
  [[nodiscard]] const SealingKey* data_key(std::uint32_t version) const;
};

// A tenant's keys with the name they belong to, as they are sealed together.
struct NamedKeys {
  std::string tenant;
  TenantKeys keys;
};

[[nodiscard]] TenantKeys make_tenant_keys(ports::Entropy& entropy);
// Adds a data key; from then on it seals. Errc::unavailable at kMaxDataKeys.
[[nodiscard]] Result<void> rotate_data_key(TenantKeys& keys, ports::Entropy& entropy);

class KeyHierarchy {
 public:
  // `crypto` must outlive it.
  KeyHierarchy(ports::Crypto& crypto, const RootKey& root);

  [[nodiscard]] BlindKey blind_tenant(std::string_view tenant) const;

  [[nodiscard]] Bytes seal(ports::Entropy& entropy, const NamedKeys& keys) const;
  // `row_key` is where the sealed keys were found; Errc::corrupt unless they are that tenant's.
  [[nodiscard]] Result<NamedKeys> open(const BlindKey& row_key, ByteView sealed) const;

  // The node's own facts, of a kind that `name` says.
  [[nodiscard]] Bytes seal_fact(ports::Entropy& entropy, std::string_view name,
                                ByteView content) const;
  [[nodiscard]] Result<Bytes> open_fact(std::string_view name, ByteView sealed) const;

 private:
  ports::Crypto& crypto_;
  SealingKey key_encryption_key_;
  SecretBytes name_key_;
};

}  // namespace berth::vault
