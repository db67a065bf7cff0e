// Puts our SASL (gateway/core/device/amqp_sasl) into a proton transport, in place of the one that
// it brings along: the mechanism TPM is nobody else's, and what a token is worth is judged later.
#pragma once

#include <memory>

#include "gateway/core/device/amqp_sasl.hpp"

struct pn_transport_t;

namespace berth::gateway {

class ProtonSasl {
 public:
  // `transport` is a server's, and goes before this object.
  ProtonSasl(pn_transport_t* transport, AmqpSasl& sasl);
  ~ProtonSasl();

  // Carries a step out that did not come from the device.
  void carry_out(SaslStep step);
  // A step `wait` was met since the last call.
  [[nodiscard]] bool take_wait();
  // Why the device was refused, if it was.
  [[nodiscard]] const std::string& refusal() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::gateway
