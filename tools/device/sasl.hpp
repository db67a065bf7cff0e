// The client's side of SASL mechanisms, as AMQP carries them (device API 3.1 and 3.4).
#pragma once

#include <memory>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "tools/device/device.hpp"

namespace berth::device {

class SaslMechanism {
 public:
  virtual ~SaslMechanism() = default;
  [[nodiscard]] virtual const char* name() const = 0;
  [[nodiscard]] virtual SecretBytes initial_response() = 0;
  // The answer to a challenge. An error ends the connection.
  [[nodiscard]] virtual Result<SecretBytes> respond(ByteView challenge) = 0;
};

// RFC 4616: no authorization identity, `user`, `password`.
[[nodiscard]] std::unique_ptr<SaslMechanism> make_plain_mechanism(std::string_view user,
                                                                  std::string_view password);

}  // namespace berth::device
