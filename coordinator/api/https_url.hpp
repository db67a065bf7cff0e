// URLs and hosts that admins enter: webhooks, hub registries, probes (design section 7). They are
// https, carry no user information, and lead neither to link-local addresses (where clouds keep
// their metadata services) nor, unless the operator says so, to this machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"

namespace berth::coordinator {

struct HttpsUrl {
  std::string host;  // lower case; an IPv6 address without brackets
  std::uint16_t port = 443;
  std::string path_and_query;  // empty or from the first '/' or '?'
};

struct HostRules {
  bool allow_loopback = false;
};

// Errc::invalid with a reason that names `what`.
[[nodiscard]] Result<HttpsUrl> read_https_url(std::string_view what, std::string_view url,
                                              const HostRules& rules);

struct HostAndPort {
  std::string host;
  std::uint16_t port = 0;  // 0: none was given
};
// "host", "host:port", "[ipv6]:port".
[[nodiscard]] Result<HostAndPort> read_host_and_port(std::string_view what, std::string_view text,
                                                     const HostRules& rules);

// Letters, digits, '-' and '.', at most 253 characters; not an address, no port.
[[nodiscard]] bool is_host_name(std::string_view text);

}  // namespace berth::coordinator
