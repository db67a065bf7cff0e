// How a hub says no (service API 5.3): an Errc becomes a six-digit code with a name, and an answer
// in the shape that Azure's hub clients read.
#pragma once

#include <string_view>

#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/protocol/http/message.hpp"

namespace berth::hub_server {

struct HubErrorEntry {
  int code = 0;  // HTTP status x 1000 + detail
  std::string_view name;
  [[nodiscard]] int http_status() const { return code / 1000; }
};

[[nodiscard]] const HubErrorEntry& hub_error(Errc code);

// Error::reason is shown for what the client did wrong, and kept back for what we did.
[[nodiscard]] http::Response error_response(const Error& error, WallTime now,
                                            ports::Entropy& entropy);

}  // namespace berth::hub_server
