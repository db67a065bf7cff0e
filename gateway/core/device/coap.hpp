// The CoAP device API (docs/protocols/coap.md): a CoAP request with what its DTLS session proved
// becomes a request to the registration engine, its reply a CoAP response. It means what the same
// request means over HTTPS (device API section 1). Blocks and repeated messages are CoapSession's;
// bytes and retransmission are somebody else's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/core/device/request.hpp"
#include "shared/base/bytes.hpp"
#include "shared/domain/attestation/pre_shared_key.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/protocol/device/body.hpp"

namespace berth::gateway {

// A response code as it is on the wire: class and detail of "4.04" (RFC 7252 section 3).
struct CoapCode {
  std::uint8_t value = 0;
  static constexpr CoapCode of(int klass, int detail) {
    return {static_cast<std::uint8_t>((klass << 5) | detail)};
  }
  friend bool operator==(const CoapCode&, const CoapCode&) = default;
};
inline constexpr CoapCode kCoapChanged = CoapCode::of(2, 4);
inline constexpr CoapCode kCoapContent = CoapCode::of(2, 5);
inline constexpr CoapCode kCoapContinue = CoapCode::of(2, 31);
inline constexpr CoapCode kCoapBadRequest = CoapCode::of(4, 0);
inline constexpr CoapCode kCoapNotFound = CoapCode::of(4, 4);
inline constexpr CoapCode kCoapMethodNotAllowed = CoapCode::of(4, 5);
inline constexpr CoapCode kCoapNotAcceptable = CoapCode::of(4, 6);
inline constexpr CoapCode kCoapIncomplete = CoapCode::of(4, 8);
inline constexpr CoapCode kCoapTooLarge = CoapCode::of(4, 13);
inline constexpr CoapCode kCoapUnsupportedFormat = CoapCode::of(4, 15);
inline constexpr CoapCode kCoapUnavailable = CoapCode::of(5, 3);

inline constexpr std::uint16_t kCoapJson = 50;  // the Content-Format of application/json

enum class CoapMethod : std::uint8_t { get, post, put, other };

// A Block option's value (RFC 7959 section 2.2).
struct CoapBlock {
  std::uint32_t number = 0;
  bool more = false;
  std::uint8_t size_exponent = 0;  // 0 to 6; 7 is reserved
  [[nodiscard]] std::size_t size() const { return std::size_t{16} << size_exponent; }
  [[nodiscard]] std::size_t offset() const { return number * size(); }
  friend bool operator==(const CoapBlock&, const CoapBlock&) = default;
};

struct CoapRequest {
  CoapMethod method = CoapMethod::other;
  std::vector<std::string> path;
  std::vector<std::string> query;
  std::optional<std::uint32_t> content_format;
  std::optional<std::uint32_t> accept;
  std::optional<CoapBlock> block1;
  std::optional<CoapBlock> block2;
  std::optional<std::uint32_t> size1;
  std::string payload;
};

struct CoapResponse {
  CoapCode code;
  std::optional<std::uint16_t> content_format;
  std::optional<std::uint32_t> max_age;
  std::optional<CoapBlock> block1;
  std::optional<CoapBlock> block2;
  std::optional<std::uint32_t> size1;
  std::optional<std::uint32_t> size2;
  std::string payload;
};

// What the other end of a DTLS session showed in its handshake.
struct CoapPeer {
  std::vector<Bytes> chain;  // the client certificate's chain: DER, leaf first; empty with a PSK
  std::optional<domain::PskProof> psk;
  std::string source;  // its address
};

// A request that never gets to the engine.
struct CoapRefusal {
  CoapResponse response;
  std::string reason;  // for the installer's log
};

class DeviceCoap {
 public:
  DeviceCoap(protocol::BodyCodec& json, ports::Clock& clock, ports::Entropy& entropy)
      : json_(json), clock_(clock), entropy_(entropy) {}

  // `request` with its whole body.
  [[nodiscard]] std::variant<DeviceRequest, CoapRefusal> read(const CoapRequest& request,
                                                              const CoapPeer& peer,
                                                              RequestToken token) const;
  // The answer to a request by that method, which read() took.
  [[nodiscard]] CoapResponse write(CoapMethod method, const Reply& reply) const;

  // The body for what is refused before the engine sees it.
  [[nodiscard]] CoapResponse refuse(CoapCode code) const;

 private:
  [[nodiscard]] CoapResponse error(CoapCode code, const protocol::ErrorDocument& document) const;

  protocol::BodyCodec& json_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
};

// The code that an HTTP status stands for: 404 is 4.04. Both protocols number alike what the
// catalogue of device errors uses (RFC 7252 section 5.9, RFC 8132, RFC 8516).
[[nodiscard]] CoapCode coap_code_of(int http_status);

}  // namespace berth::gateway
