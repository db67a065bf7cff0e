// The request that asks for a WebSocket: a target, then its headers, a line each.
#include <string>

#include "gateway/core/device/websocket.hpp"
#include "tests/fuzz/input.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  http::Request request;
  request.method = "GET";
  request.target = input.line();
  while (!input.at_end()) {
    const std::string_view line = input.line();
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      request.headers.set(std::string(line.substr(0, colon)), std::string(line.substr(colon + 1)));
    }
  }
  if (const auto route = gateway::websocket_route(request)) {
    // It is one that the client offered.
    const auto offered = request.headers.get("Sec-WebSocket-Protocol");
    fuzz::require(offered.find(route->subprotocol) != std::string_view::npos);
  }
  return 0;
}
