// What a hostile device sends: requests and frames that say one length and mean another, or nest
// without end. Each is what is sent on a fresh TLS connection; all are small, whatever they say.
#pragma once

#include <string>
#include <vector>

#include "shared/base/bytes.hpp"

namespace berth::device {

struct Lie {
  std::string name;
  Bytes bytes;
  // What is sent again and again behind it, until the endpoint ends it or kMaxRepeats is reached.
  Bytes repeated = {};
};

inline constexpr int kMaxRepeats = 4096;

// Where the lies over HTTP are told: a device's register request, without credentials.
struct LiePlace {
  std::string host;
  std::string id_scope;
  std::string registration_id;
};

[[nodiscard]] std::vector<Lie> http_lies(const LiePlace& place);
[[nodiscard]] std::vector<Lie> json_lies(const LiePlace& place);
[[nodiscard]] std::vector<Lie> mqtt_lies(const LiePlace& place);
[[nodiscard]] std::vector<Lie> amqp_lies();
[[nodiscard]] std::vector<Lie> web_socket_lies(const LiePlace& place);

}  // namespace berth::device
