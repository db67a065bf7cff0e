// Devices over AMQP 1.0, plain or in a WebSocket (device API 3).
#pragma once

#include <memory>

#include "tools/device/byte_stream.hpp"
#include "tools/device/transport.hpp"

namespace berth::device {

class AmqpConnection;

class AmqpTransport final : public Transport {
 public:
  AmqpTransport(const TransportServices& services, Carrier carrier);
  ~AmqpTransport() override;
  runtime::Task<Result<Outcome>> register_device(Attempt attempt) override;

 private:
  TransportServices services_;
  Carrier carrier_;
  std::unique_ptr<AmqpConnection> kept_;
};

}  // namespace berth::device
