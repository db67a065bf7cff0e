// Devices over MQTT 3.1.1, plain or in a WebSocket (device API 2).
#pragma once

#include <memory>

#include "tools/device/byte_stream.hpp"
#include "tools/device/transport.hpp"

namespace berth::device {

class MqttConversation;

class MqttTransport final : public Transport {
 public:
  MqttTransport(const TransportServices& services, Carrier carrier);
  ~MqttTransport() override;
  runtime::Task<Result<Outcome>> register_device(Attempt attempt) override;

 private:
  TransportServices services_;
  Carrier carrier_;
  std::unique_ptr<MqttConversation> kept_;
};

}  // namespace berth::device
