#include "shared/protocol/hub/registry_address.hpp"

#include <charconv>

namespace berth::hub {

Result<RegistryAddress> registry_address(std::string_view url) {
  const Error invalid{Errc::invalid, "a registry is at https://host[:port] or mqtts://host[:port]"};
  RegistryAddress address;
  if (url.starts_with("https://")) {
    address.port = kHttpsPort;
  } else if (url.starts_with("mqtts://")) {
    address.port = kMqttsPort;
  } else {
    return invalid;
  }
  std::string_view authority = url.substr(url.find("//") + 2);
  authority = authority.substr(0, authority.find('/'));
  std::string_view host = authority;
  std::string_view rest;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return invalid;
    host = authority.substr(1, end - 1);
    rest = authority.substr(end + 1);
  } else if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    rest = authority.substr(colon);
  }
  if (host.empty() || host.find_first_of("@?# []") != std::string_view::npos) return invalid;
  if (!rest.empty()) {
    const char* const end = rest.data() + rest.size();
    const auto [read, failed] = std::from_chars(rest.data() + 1, end, address.port);
    const bool is_port = rest.front() == ':' && failed == std::errc{} && read == end;
    if (!is_port || address.port == 0) return invalid;
  }
  address.host = std::string(host);
  return address;
}

}  // namespace berth::hub
