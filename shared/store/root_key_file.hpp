// The root key in a file of its own, mode 0600 (design section 5).
#pragma once

#include <string>

#include "shared/base/result.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/vault/root_key.hpp"

namespace berth::store {

// Reads the key at `path`. If there is none it is made, durably, unless `database` exists already:
// then what is there could never be read again, and the answer is Errc::wrong_key. So it is for a
// file that is damaged, or that others than its owner can read.
[[nodiscard]] Result<vault::RootKey> open_root_key(const std::string& path,
                                                   const std::string& database,
                                                   ports::Crypto& crypto, ports::Entropy& entropy);

}  // namespace berth::store
