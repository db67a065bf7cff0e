// What carries a device's session: a TLS connection, or a WebSocket in one. The session does not
// know which.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/runtime/task.hpp"
#include "shared/runtime/tls_stream.hpp"
#include "shared/runtime/websocket.hpp"

namespace berth::gateway {

class DeviceTransport {
 public:
  virtual ~DeviceTransport() = default;

  // As runtime::TlsStream has them.
  [[nodiscard]] virtual runtime::Task<Result<std::size_t>> read_some(
      std::span<std::uint8_t> into, std::chrono::milliseconds timeout) = 0;
  [[nodiscard]] virtual runtime::Task<Result<void>> write_all(
      ByteView bytes, std::chrono::milliseconds timeout) = 0;
  [[nodiscard]] virtual runtime::Task<void> close() = 0;
  virtual void abort() = 0;
  // The device is attested: its connection no longer makes room for strangers.
  virtual void vouch() = 0;
  [[nodiscard]] virtual std::string remote_address() const = 0;
  [[nodiscard]] virtual boost::asio::any_io_executor executor() const = 0;
};

// Over runtime::TlsStream or runtime::WebSocket, which outlives it.
template <class Stream>
class TransportOver final : public DeviceTransport {
 public:
  explicit TransportOver(Stream& stream) : stream_(stream) {}

  runtime::Task<Result<std::size_t>> read_some(std::span<std::uint8_t> into,
                                               std::chrono::milliseconds timeout) override {
    return stream_.read_some(into, timeout);
  }
  runtime::Task<Result<void>> write_all(ByteView bytes,
                                        std::chrono::milliseconds timeout) override {
    return stream_.write_all(bytes, timeout);
  }
  runtime::Task<void> close() override { return stream_.close(); }
  void abort() override { stream_.abort(); }
  void vouch() override { stream_.vouch(); }
  std::string remote_address() const override { return stream_.remote_address(); }
  boost::asio::any_io_executor executor() const override { return stream_.executor(); }

 private:
  Stream& stream_;
};

}  // namespace berth::gateway
