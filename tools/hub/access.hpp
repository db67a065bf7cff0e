// Who may do what to a hub: shared access policies and the SAS tokens made with their keys (service
// API 5.1 and 1.10).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::hub_server {

enum class Right : std::uint8_t { registry_read, registry_write, service_connect, device_connect };

// As Azure spells it: "RegistryRead".
[[nodiscard]] std::optional<Right> parse_right(std::string_view text);

struct Policy {
  std::string name;
  SecretBytes key;
  std::vector<Right> rights;

  // Writing the registry includes reading it.
  [[nodiscard]] bool grants(Right right) const;
};

class Access {
 public:
  // `hosts` are the names and addresses that a token may name the hub by.
  Access(std::vector<std::string> hosts, std::vector<Policy> policies, ports::Crypto& crypto)
      : hosts_(std::move(hosts)), policies_(std::move(policies)), crypto_(&crypto) {}

  // Whether the Authorization header's token is valid for `path` (decoded, starts with '/') and its
  // policy grants one of `any_of`. Errc::unauthorized without distinction otherwise.
  [[nodiscard]] Result<void> check(std::string_view authorization, std::string_view path,
                                   std::span<const Right> any_of, WallTime now) const;

 private:
  std::vector<std::string> hosts_;
  std::vector<Policy> policies_;
  ports::Crypto* crypto_;
};

}  // namespace berth::hub_server
