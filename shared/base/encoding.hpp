// Text forms of bytes: hex, base64 (RFC 4648 section 4), base64url (section 5, unpadded), base32
// (section 6), percent (RFC 3986 section 2.1). Decoders are strict: they refuse what an encoder
// would not write, except where said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"

namespace berth {

std::string to_hex(ByteView bytes);                    // lower case
std::string to_upper_hex(ByteView bytes);              // as certificates' thumbprints are written
std::optional<Bytes> from_hex(std::string_view text);  // either case, even length

std::string to_base64(ByteView bytes);
// Padding may be left out; white space is refused.
std::optional<Bytes> from_base64(std::string_view text);

std::string to_base64url(ByteView bytes);  // no padding
std::optional<Bytes> from_base64url(std::string_view text);

// Lower case, no padding: how a registration ID is made of a digest (device API 4.7).
std::string to_base32(ByteView bytes);

// Encodes all but RFC 3986's unreserved characters, with upper-case digits.
std::string percent_encode(std::string_view text);
// A '%' that is not followed by two hex digits is refused; '+' stays '+'.
std::optional<std::string> percent_decode(std::string_view text);

// ASCII only; other bytes stay.
std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace berth
