// Moves the bytes of one device's MQTT connection between its socket, its session and the shard
// that owns the device.
#pragma once

#include <string>

#include <boost/asio/steady_timer.hpp>

#include "gateway/core/device/mqtt.hpp"
#include "gateway/linux/shards.hpp"
#include "shared/runtime/log.hpp"
#include "shared/runtime/task_group.hpp"
#include "shared/runtime/tls_stream.hpp"

namespace berth::gateway {

class MqttConnection {
 public:
  MqttConnection(runtime::TlsStream& stream, MqttSession session, Shards& shards,
                 ports::Clock& clock, runtime::Log& log);

  // Until either side is done.
  [[nodiscard]] runtime::Task<void> serve();

 private:
  runtime::Task<void> read();
  runtime::Task<void> write();
  runtime::Task<void> keep_time();
  runtime::Task<void> ask(DeviceRequest request);
  void take(MqttOutput output);
  void end();

  runtime::TlsStream& stream_;
  MqttSession session_;
  Shards& shards_;
  ports::Clock& clock_;
  runtime::Log& log_;
  std::string source_;
  runtime::TaskGroup requests_;
  boost::asio::steady_timer wake_;    // the session's own time
  boost::asio::steady_timer output_;  // cancelled to say that there is output
  Bytes pending_;
  bool ending_ = false;  // what is pending is sent, then the connection is closed
  bool ended_ = false;
};

}  // namespace berth::gateway
