// What a hub recognises a device by (service API 5.4).
#pragma once

#include <string>
#include <variant>

#include "shared/base/secret_bytes.hpp"

namespace berth::domain {

struct SymmetricKeyCredential {
  SecretBytes primary;
  SecretBytes secondary;
  // The device signed with the secondary one: a hub that keeps a single password takes that.
  bool signed_with_secondary = false;
};
struct ThumbprintCredential {
  std::string sha256;         // 64 upper-case hex digits; written as primary and secondary
  std::string common_name{};  // of the certificate: by it a broker knows who connects
};
using DeviceCredential = std::variant<SymmetricKeyCredential, ThumbprintCredential>;

}  // namespace berth::domain
