// MQTT 3.1.1 control packets (OASIS mqtt-v3.1.1-os): bytes to packets and back, both directions, so
// that the gateway's server, devices and the way to a broker speak through the same code. Sans-I/O
// and bounded:
// a packet's announced length is checked against its type's limit before a byte of it is kept.
//
// A malformed packet ends the connection (section 4.8): after an error the decoder gives nothing
// more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"

namespace berth::mqtt {

// Section 3.1.2.2; a CONNECT with another level is answered with CONNACK 1.
inline constexpr std::uint8_t kProtocolLevel = 4;

// In bytes: a whole packet (device API 2.1); a CONNECT, which comes before any identity is claimed;
// any other packet that carries no body; a topic.
inline constexpr std::size_t kMaxPacket = 256 * 1024;
inline constexpr std::size_t kMaxConnect = 16 * 1024;
inline constexpr std::size_t kMaxControl = 4 * 1024;
inline constexpr std::size_t kMaxTopic = 1024;
inline constexpr std::size_t kMaxFilters = 16;  // in one SUBSCRIBE or UNSUBSCRIBE

enum class ConnectCode : std::uint8_t {  // section 3.2.2.3
  accepted = 0,
  unacceptable_protocol = 1,
  identifier_rejected = 2,
  server_unavailable = 3,
  bad_credentials = 4,
  not_authorized = 5,
};

struct Connect {
  std::uint8_t protocol_level = kProtocolLevel;  // another one: nothing below was read
  bool clean_session = true;
  std::uint16_t keep_alive_seconds = 0;
  std::string client_id;
  std::optional<std::string> username;
  std::optional<SecretBytes> password;
  bool has_will = false;  // topic and message are dropped: nothing here publishes wills
};
struct Connack {
  bool session_present = false;
  ConnectCode code = ConnectCode::accepted;
};
struct Publish {
  std::string topic;
  std::string payload;
  std::uint8_t qos = 0;
  bool duplicate = false;
  bool retain = false;
  std::uint16_t packet_id = 0;  // with qos above 0
};
struct Puback {
  std::uint16_t packet_id = 0;
};
struct Subscribe {
  struct Filter {
    std::string filter;
    std::uint8_t qos = 0;
  };
  std::uint16_t packet_id = 0;
  std::vector<Filter> filters;
};
struct Suback {
  std::uint16_t packet_id = 0;
  std::vector<std::uint8_t> codes;  // granted QoS, or kSubscribeFailure
};
inline constexpr std::uint8_t kSubscribeFailure = 0x80;
struct Unsubscribe {
  std::uint16_t packet_id = 0;
  std::vector<std::string> filters;
};
struct Unsuback {
  std::uint16_t packet_id = 0;
};
struct Pingreq {};
struct Pingresp {};
struct Disconnect {};

using Packet = std::variant<Connect, Connack, Publish, Puback, Subscribe, Suback, Unsubscribe,
                            Unsuback, Pingreq, Pingresp, Disconnect>;

// The packet's bytes. Strings longer than 65,535 bytes and packets over the protocol's 256 MB are
// bugs of the caller.
[[nodiscard]] Bytes encode(const Packet& packet);

class Decoder {
 public:
  // Takes received bytes, however they were cut. Call next() until it gives nothing before feeding
  // more: what is kept stays below one packet and one feed.
  void feed(ByteView bytes);

  // The next whole packet; nullopt until it is there. Errc::malformed for what section 2 or 3 calls
  // malformed, Errc::too_large past a limit, Errc::unsupported for QoS 2 exchanges (PUBREC, PUBREL,
  // PUBCOMP), which no device of this protocol starts.
  [[nodiscard]] std::optional<Result<Packet>> next();

 private:
  Bytes buffer_;
  std::size_t consumed_ = 0;
  bool failed_ = false;
};

}  // namespace berth::mqtt
