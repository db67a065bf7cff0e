// The HTTPS device API (device API section 1): an HTTP request with the client's certificate chain
// becomes a request to the registration engine, its reply an HTTP response. Bytes are somebody
// else's; decisions too.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "gateway/core/device/request.hpp"
#include "shared/base/bytes.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/protocol/device/body.hpp"
#include "shared/protocol/http/message.hpp"

namespace berth::gateway {

// The other end of a connection.
struct DevicePeer {
  std::vector<Bytes> chain;  // the TLS client certificate's chain: DER, leaf first; may be empty
  std::string source;        // its address
};

// A request that never gets to the engine.
struct HttpRefusal {
  http::Response response;
  std::string reason;  // for the installer's log
};

class DeviceHttp {
 public:
  DeviceHttp(protocol::BodyCodec& json, ports::Clock& clock, ports::Entropy& entropy)
      : json_(json), clock_(clock), entropy_(entropy) {}

  [[nodiscard]] std::variant<DeviceRequest, HttpRefusal> read(const http::Request& request,
                                                              const DevicePeer& peer,
                                                              RequestToken token) const;
  // The answer to `request`, which read() took.
  [[nodiscard]] http::Response write(const http::Request& request, const Reply& reply) const;

  // The body for what the HTTP reader refuses by itself (400, 408, 413, 431), and for 500.
  [[nodiscard]] http::Response refuse(int status) const;

 private:
  [[nodiscard]] http::Response error(int status, const protocol::ErrorDocument& document) const;

  protocol::BodyCodec& json_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
};

}  // namespace berth::gateway
