// The root key in a file of its own, mode 0600 (design section 5): as it is, or sealed to this
// machine's TPM. A node has one of the two; while a key is moved from one to the other there may be
// both, and whoever finds both says how to finish the move.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/ports/key_sealer.hpp"
#include "shared/vault/root_key.hpp"

namespace berth::store {

// In the folder of a node's data.
inline constexpr const char* kRootKeyFile = "root.key";
inline constexpr const char* kSealedRootKeyFile = "root.key.tpm";

// Reads the key at `path`. If there is none it is made, durably, unless `database` exists already:
// then what is there could never be read again, and the answer is Errc::wrong_key. So it is for a
// file that is damaged, or that others than its owner can read, and where a sealed key lies beside
// it.
[[nodiscard]] Result<vault::RootKey> open_root_key(const std::string& path,
                                                   const std::string& database,
                                                   ports::Crypto& crypto, ports::Entropy& entropy);

// Reads the key that is sealed in `folder`. Errc::wrong_key, with what to do, if there is none, if
// it is not this machine's, or if an open one lies beside it.
[[nodiscard]] Result<vault::RootKey> open_sealed_root_key(const std::string& folder,
                                                          ports::Crypto& crypto,
                                                          ports::KeySealer& sealer);

// The key of a node that has no data yet, sealed from its first moment. Errc::conflict if there is
// a key already.
[[nodiscard]] Result<vault::RootKey> create_sealed_root_key(const std::string& folder,
                                                            ports::Crypto& crypto,
                                                            ports::Entropy& entropy,
                                                            ports::KeySealer& sealer);
// Moves the open key of `folder` into a sealed one, or back. Done again after a crash, they finish;
// Errc::not_found if there is nothing to move.
[[nodiscard]] Result<vault::RootKey> seal_root_key(const std::string& folder, ports::Crypto& crypto,
                                                   ports::KeySealer& sealer);
[[nodiscard]] Result<vault::RootKey> unseal_root_key(const std::string& folder,
                                                     ports::Crypto& crypto,
                                                     ports::KeySealer& sealer);
// Puts the key that `recovery_key` names (vault::write_root_key) into `folder`, sealed to this
// machine in place of another's. Errc::conflict if an open key is there.
[[nodiscard]] Result<vault::RootKey> recover_root_key(const std::string& folder,
                                                      std::string_view recovery_key,
                                                      ports::Crypto& crypto,
                                                      ports::KeySealer& sealer);

}  // namespace berth::store
