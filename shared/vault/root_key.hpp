// RootKey: the one secret of a node from which all its data at rest hangs (design section 5). Where
// it is kept is not known here: shared/store/root_key_file keeps it in a file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/ports/key_sealer.hpp"

namespace berth::vault {

inline constexpr std::size_t kRootKeySize = 32;

struct RootKey {
  SecretBytes bytes;   // kRootKeySize
  std::string origin;  // where it came from ("/var/lib/berth/root.key"), for refusals
};

// Tells whether a database was made with this key, without telling the key.
[[nodiscard]] ports::Sha256Digest check_value(ports::Crypto& crypto, const RootKey& key);

// The text that a key file holds, and the recovery key of a sealed one: "berth-root-key-1", the key
// and the start of its check value, so that a damaged file is told from another node's.
[[nodiscard]] SecretBytes write_root_key(ports::Crypto& crypto, const RootKey& key);
// Errc::wrong_key, with the origin in the reason, if the text is not whole.
[[nodiscard]] Result<RootKey> read_root_key(ports::Crypto& crypto, std::string_view text,
                                            std::string origin);

// The same for a key that is sealed: "berth-sealed-root-key-1", what the sealer gave and the start
// of the key's check value.
[[nodiscard]] std::string write_sealed_root_key(ports::Crypto& crypto, const RootKey& key,
                                                ByteView sealed);
// Unseals it, and checks that it is the key that was sealed.
[[nodiscard]] Result<RootKey> read_sealed_root_key(ports::Crypto& crypto, ports::KeySealer& sealer,
                                                   std::string_view text, std::string origin);

}  // namespace berth::vault
