// Certificates as the service API's clients send them (service API 2.4): PEM, base64 of DER, or
// base64 of PEM (the C SDK).
#pragma once

#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace berth::json {

// Longest text that is looked at.
inline constexpr std::size_t kMaxCertificateText = 64 * 1024;

// The DER of the first certificate in `text`. What the DER holds is not looked into. Errc::invalid
// with a reason for the admin.
[[nodiscard]] Result<Bytes> read_certificate_text(std::string_view text);
// PEM, lines of 64 characters.
[[nodiscard]] std::string write_certificate_text(ByteView der);

}  // namespace berth::json
