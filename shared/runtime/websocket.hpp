// The server's side of a WebSocket (RFC 6455) on a TLS connection, as a stream of bytes: MQTT and
// AMQP do not care where its messages end. Boost.Beast underneath, seen only in websocket.cpp.
// Binary messages only, each of them bounded; no extension is ever agreed on, so nothing is
// decompressed.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/protocol/http/message.hpp"
#include "shared/runtime/task.hpp"
#include "shared/runtime/tls_stream.hpp"

namespace berth::runtime {

struct WebSocketLimits {
  std::size_t max_message = 256 * 1024;
  std::chrono::milliseconds handshake_timeout{15000};
};

// As with TlsStream: one reader and one writer at a time, all on the stream's executor. The stream
// outlives it.
class WebSocket {
 public:
  // Answers the upgrade `request`, naming `subprotocol` as it is spelled here. `ahead`
  // is what was received behind the request. A request that is no proper upgrade is answered by
  // HTTP's means, and an error.
  [[nodiscard]] static Task<Result<std::unique_ptr<WebSocket>>> accept(TlsStream& stream,
                                                                       http::Request request,
                                                                       Bytes ahead,
                                                                       std::string subprotocol,
                                                                       WebSocketLimits limits);
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  // At least one byte of a message; 0 when the peer closed in order. The time-out is for each piece
  // that the peer sends: a trickle is for the caller to end. After an error nothing more comes.
  [[nodiscard]] Task<Result<std::size_t>> read_some(std::span<std::uint8_t> into,
                                                    std::chrono::milliseconds timeout);
  // As one binary message.
  [[nodiscard]] Task<Result<void>> write_all(ByteView bytes, std::chrono::milliseconds timeout);
  // Says goodbye, waits briefly for the peer's, and closes the stream. A pending read ends.
  [[nodiscard]] Task<void> close();
  // Closes the socket at once.
  void abort();
  // As TlsStream has it.
  void vouch();

  [[nodiscard]] std::string remote_address() const;
  [[nodiscard]] boost::asio::any_io_executor executor() const;

 private:
  struct Impl;
  explicit WebSocket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::runtime
