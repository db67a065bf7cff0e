// Puts a mechanism of ours in the place of proton's own SASL, which is Cyrus' library and its
// plugins on the machine.
#pragma once

#include <proton/types.h>
#include <string>

#include "tools/device/sasl.hpp"

namespace berth::device {

// What a transport's SASL is about; must outlive the transport.
struct ProtonSasl {
  SaslMechanism& mechanism;
  SecretBytes sending;  // what proton has a pointer to
  std::string failure;  // why it ended, in words; empty while it has not
};

void use_mechanism(pn_transport_t* transport, ProtonSasl& sasl);

}  // namespace berth::device
