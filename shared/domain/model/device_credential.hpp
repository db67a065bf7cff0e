// What a hub recognises a device by (service API 5.4).
#pragma once

#include <string>
#include <variant>

#include "shared/base/secret_bytes.hpp"

namespace berth::domain {

struct SymmetricKeyCredential {
  SecretBytes primary;
  SecretBytes secondary;
};
struct ThumbprintCredential {
  std::string sha256;  // 64 upper-case hex digits; written as primary and secondary
};
using DeviceCredential = std::variant<SymmetricKeyCredential, ThumbprintCredential>;

}  // namespace berth::domain
