// Which key a DTLS handshake with a pre-shared key uses (docs/protocols/coap.md): the one that the
// identity names, of the enrollments that this gateway holds. Whether the enrollment is enabled,
// and whether it is the one that answers for the device, the engine judges with every request.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/core/ports/cache.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/domain/attestation/pre_shared_key.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::gateway {

struct PskAnswer {
  SecretBytes key;
  // What the device will have shown once the handshake has ended well; none with a key of nobody.
  std::optional<domain::PskProof> proof;
  std::string reason;  // why there is none, for the installer's log
};

class PskKeys {
 public:
  PskKeys(const Cache& cache, ports::Crypto& crypto, ports::Entropy& entropy)
      : cache_(cache), crypto_(crypto), entropy_(entropy) {}

  // An identity that names nothing here gets a random key: the handshake then fails like one with a
  // wrong key, and tells nothing about what is enrolled.
  [[nodiscard]] PskAnswer answer(std::string_view identity) const;

 private:
  [[nodiscard]] Result<SecretBytes> device_key(const domain::PskIdentity& identity) const;

  const Cache& cache_;
  ports::Crypto& crypto_;
  ports::Entropy& entropy_;
};

}  // namespace berth::gateway
