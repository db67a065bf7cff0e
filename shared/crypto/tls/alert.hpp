// The names of TLS alerts (RFC 8446 section 6, RFC 5246 section 7.2), for the sentence that says
// why a connection failed.
#pragma once

#include <cstdint>
#include <string>

namespace berth::crypto::tls {

// "the peer ended the connection: bad_certificate (alert 42)"
[[nodiscard]] std::string describe_peer_alert(std::uint8_t alert);

}  // namespace berth::crypto::tls
