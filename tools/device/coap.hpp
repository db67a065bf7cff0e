// Devices over CoAPS (docs/protocols/coap.md): with a certificate, or with a pre-shared key made of
// the symmetric key. libcoap is the client.
#pragma once

#include <memory>

#include "tools/device/transport.hpp"

namespace berth::device {

class CoapConversation;

class CoapTransport final : public Transport {
 public:
  explicit CoapTransport(const TransportServices& services);
  ~CoapTransport() override;
  runtime::Task<Result<Outcome>> register_device(Attempt attempt) override;

 private:
  TransportServices services_;
  std::unique_ptr<CoapConversation> kept_;
};

}  // namespace berth::device
