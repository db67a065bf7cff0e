#include "tools/hub/access.hpp"

#include <algorithm>

#include "shared/protocol/sas_token.hpp"

namespace berth::hub_server {
namespace {

Error refused(const char* reason) {
  return Error{Errc::unauthorized, reason};
}

}  // namespace

std::optional<Right> parse_right(std::string_view text) {
  if (text == "RegistryRead") return Right::registry_read;
  if (text == "RegistryWrite") return Right::registry_write;
  if (text == "ServiceConnect") return Right::service_connect;
  if (text == "DeviceConnect") return Right::device_connect;
  return std::nullopt;
}

bool Policy::grants(Right right) const {
  for (const Right own : rights) {
    if (own == right) return true;
    if (own == Right::registry_write && right == Right::registry_read) return true;
  }
  return false;
}

Result<void> Access::check(std::string_view authorization, std::string_view path,
                           std::span<const Right> any_of, WallTime now) const {
  const auto token = protocol::parse_sas_token(authorization);
  if (!token) return token.error();
  const bool names_us = std::ranges::any_of(hosts_, [&](const std::string& host) {
    return protocol::covers(*token, host + std::string(path));
  });
  if (!names_us) return refused("the token's sr is not this hub");
  if (protocol::is_expired(*token, now)) return refused("the token is expired");
  const auto policy =
      std::ranges::find_if(policies_, [&](const Policy& p) { return p.name == token->key_name; });
  if (policy == policies_.end() || !protocol::signature_fits(*token, policy->key, *crypto_)) {
    return refused("the token's policy or signature does not fit");
  }
  const bool granted =
      std::ranges::any_of(any_of, [&](const Right right) { return policy->grants(right); });
  if (!granted) return refused("the token's policy lacks the right");
  return {};
}

}  // namespace berth::hub_server
