// Connection strings as Azure's tools write them (service API 1.10):
//   HostName={host};SharedAccessKeyName={policy};SharedAccessKey={base64}
// Ours may name a port with the host, which Azure's SDKs cannot.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"

namespace berth::protocol {

inline constexpr std::size_t kMaxConnectionString = 2048;

// What stands for a key in answers, and means "unchanged" in requests (service API 4.2).
inline constexpr std::string_view kMaskedKey = "****";

struct ConnectionString {
  std::string host_name;  // with ":port" if there was one
  std::string key_name;
  SecretBytes key;         // empty if masked
  bool is_masked = false;  // the key was kMaskedKey
};

// Member names in any letter case and order, unknown ones passed over. Errc::invalid, with a reason
// that never repeats the text.
[[nodiscard]] Result<ConnectionString> parse_connection_string(std::string_view text);

// An empty key is written as kMaskedKey.
[[nodiscard]] std::string write_connection_string(std::string_view host_name,
                                                  std::string_view key_name,
                                                  const SecretBytes& key);

}  // namespace berth::protocol
