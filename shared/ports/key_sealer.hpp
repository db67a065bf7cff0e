// KeySealer: what keeps a node's root key so that only this machine can read it (design section 5).
#pragma once

#include <cstddef>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"

namespace berth::ports {

// The largest secret that can be sealed: what every TPM 2.0 takes (TPM 2.0 Library, Part 1,
// MAX_SYM_DATA).
inline constexpr std::size_t kMaxSealedSecret = 128;
// No sealed blob is longer.
inline constexpr std::size_t kMaxSealedBlob = 2048;

class KeySealer {
 public:
  virtual ~KeySealer() = default;
  // Errc::io if the device does not answer as it should.
  [[nodiscard]] virtual Result<Bytes> seal(const SecretBytes& secret) = 0;
  // Errc::wrong_key if another machine sealed it, or it was altered.
  [[nodiscard]] virtual Result<SecretBytes> unseal(ByteView sealed) = 0;
};

}  // namespace berth::ports
