// What MQTT and AMQP are spoken over: TLS itself, or a WebSocket on TLS.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/runtime/task.hpp"

namespace berth::device {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // At least one byte; 0 when the peer closed in order.
  [[nodiscard]] virtual runtime::Task<Result<std::size_t>> read_some(
      std::span<std::uint8_t> into, std::chrono::milliseconds timeout) = 0;
  [[nodiscard]] virtual runtime::Task<Result<void>> write_all(
      ByteView bytes, std::chrono::milliseconds timeout) = 0;
  [[nodiscard]] virtual runtime::Task<void> close() = 0;
};

enum class Carrier : std::uint8_t { tls, web_socket };

// Where a stream leads to, and how.
struct Destination {
  Carrier carrier = Carrier::tls;
  std::string host;
  std::uint16_t port = 0;
  std::string subprotocol;  // of the WebSocket
  std::shared_ptr<ports::TlsContext> tls;
};

[[nodiscard]] runtime::Task<Result<std::unique_ptr<ByteStream>>> open_stream(
    boost::asio::any_io_executor executor, Destination to, std::chrono::milliseconds timeout);

}  // namespace berth::device
