// Whether a server's certificate is for the host that was dialled (RFC 6125, RFC 9525). One
// function for every TLS backend: mbedTLS 2.28 knows no IP addresses, and wolfSSL compares their
// text.
#pragma once

#include <optional>
#include <string>

#include "shared/base/bytes.hpp"

namespace berth::crypto::asn1 {

// The 4 or 16 bytes of an IP address in text form; nothing for a name.
[[nodiscard]] std::optional<Bytes> parse_ip_address(const std::string& text);

// Looks at subjectAltName only, never at the subject (RFC 9525 section 2). A wildcard stands for
// exactly one whole label, the leftmost, below at least two others. An empty host fits nothing.
[[nodiscard]] bool certificate_names_host(ByteView certificate, const std::string& host);

}  // namespace berth::crypto::asn1
