// The randomness port. An implementation outside tests MUST be a cryptographically secure source
// and MUST NOT fail short: it blocks or ends the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"

namespace berth::ports {

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(std::span<std::uint8_t> bytes) = 0;

  Bytes bytes(std::size_t count) {
    Bytes out(count);
    fill(out);
    return out;
  }
  SecretBytes secret(std::size_t count) { return SecretBytes(bytes(count)); }
};

}  // namespace berth::ports
