// Moves the bytes of one device's connection (MQTT or AMQP, on TLS or in a WebSocket) between its
// transport, its session and the shard that owns the device.
#pragma once

#include <functional>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "gateway/core/device/session.hpp"
#include "gateway/linux/device_transport.hpp"
#include "shared/runtime/log.hpp"
#include "shared/runtime/task_group.hpp"

namespace berth::gateway {

class DeviceConnection {
 public:
  // Gives a request to the shard that owns its device.
  using Ask = std::function<runtime::Task<Reply>(DeviceRequest request)>;

  // `protocol` is named in the log.
  DeviceConnection(DeviceTransport& transport, DeviceSession& session, std::string protocol,
                   Ask ask, ports::Clock& clock, runtime::Log& log);

  // Until either side is done.
  [[nodiscard]] runtime::Task<void> serve();

 private:
  runtime::Task<void> read();
  runtime::Task<void> write();
  runtime::Task<void> keep_time();
  runtime::Task<void> answer(DeviceRequest request);
  void take(SessionOutput output);
  void end();

  DeviceTransport& transport_;
  DeviceSession& session_;
  std::string protocol_;
  Ask ask_;
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
