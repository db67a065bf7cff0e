// A WebSocket to a provisioning endpoint (device API 2.5 and 3.1), as a stream of bytes.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "shared/runtime/tls_stream.hpp"
#include "tools/device/byte_stream.hpp"

namespace berth::device {

inline constexpr const char* kWebSocketPath = "/$iothub/websocket";

// Shakes hands on a TLS connection. Errc::unavailable if the endpoint does not switch protocols, or
// does not echo the subprotocol byte for byte.
[[nodiscard]] runtime::Task<Result<std::unique_ptr<ByteStream>>> open_web_socket(
    std::unique_ptr<runtime::TlsStream> stream, std::string host, std::string subprotocol,
    std::chrono::milliseconds timeout);

}  // namespace berth::device
