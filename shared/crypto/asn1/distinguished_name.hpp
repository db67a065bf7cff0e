// The text of an X.500 Name, as the service API shows it (service API 2.4): "CN=dev-1, O=Example,
// C=US", attributes in encoded order. Values are escaped as in RFC 4514 section 2.4, so that two
// different names never read alike.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::crypto::asn1 {

inline constexpr std::size_t kMaxNameAttributes = 64;

struct NameText {
  std::string text;
  std::string common_name;                       // the last CN, not escaped; empty if there is none
  std::vector<ports::NameAttribute> attributes;  // all of them, values not escaped
};

// `name` is the DER of a Name. Nothing if it is not one.
[[nodiscard]] std::optional<NameText> read_name(ByteView name);

}  // namespace berth::crypto::asn1
