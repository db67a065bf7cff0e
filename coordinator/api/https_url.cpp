#include "coordinator/api/https_url.hpp"

#include <algorithm>

#include "coordinator/api/limits.hpp"
#include "shared/base/encoding.hpp"
#include "shared/base/ip_address.hpp"
#include "shared/base/text_parts.hpp"

namespace berth::coordinator {
namespace {

Error invalid(std::string_view what, std::string_view why) {
  return Error{Errc::invalid, std::string(what) + " " + std::string(why)};
}

// Resolvers take "2130706433" and "0x7f.1" for addresses too; no name ends in such a label.
bool ends_in_a_number(std::string_view host) {
  const std::string_view last = split(host, '.').back();
  return !last.empty() &&
         (last.starts_with("0x") ||
          std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; }));
}

Result<void> check_host(std::string_view what, std::string_view host, const HostRules& rules) {
  AddressScope scope = AddressScope::global;
  if (const auto address = read_address(host)) {
    scope = scope_of(*address);
  } else if (host.find(':') != std::string_view::npos) {
    return invalid(what, "has a host that is no address");
  } else if (!is_host_name(host) || ends_in_a_number(host)) {
    return invalid(what, "has a host that is neither a name nor an address");
  } else if (host == "localhost" || host.ends_with(".localhost")) {
    scope = AddressScope::loopback;
  }
  switch (scope) {
    // A gateway may reach what the coordinator may not: who calls judges again.
    case AddressScope::global:
    case AddressScope::private_network: return {};
    case AddressScope::loopback:
      if (rules.allow_loopback) return {};
      return invalid(what, "leads to a loopback address, which the operator does not allow");
    case AddressScope::forbidden:
      return invalid(what, "leads to a link-local, metadata or multicast address");
  }
  return {};
}

}  // namespace

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > kMaxHostNameLength) return false;
  for (const std::string_view label : split(text, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') {
      return false;
    }
    for (const char c : label) {
      const bool is_allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_';
      if (!is_allowed) return false;
    }
  }
  return true;
}

Result<HostAndPort> read_host_and_port(std::string_view what, std::string_view text,
                                       const HostRules& rules) {
  HostAndPort read;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return invalid(what, "lacks a ']'");
    read.host = to_lower(text.substr(1, end - 1));
    if (read.host.find(':') == std::string::npos) return invalid(what, "has brackets round a name");
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return invalid(what, "has text after ']'");
    has_port = !rest.empty();
    port = has_port ? rest.substr(1) : rest;
  } else {
    const std::size_t colon = text.find(':');
    read.host = to_lower(text.substr(0, colon));
    has_port = colon != std::string_view::npos;
    port = has_port ? text.substr(colon + 1) : std::string_view{};
  }
  if (has_port && (!read_number(port, 10, read.port) || read.port == 0)) {
    return invalid(what, "has a port that is no number from 1 to 65535");
  }
  if (const auto host = check_host(what, read.host, rules); !host) return host.error();
  return read;
}

Result<HttpsUrl> read_https_url(std::string_view what, std::string_view url,
                                const HostRules& rules) {
  constexpr std::string_view kScheme = "https://";
  if (url.size() > kMaxUrlLength) return invalid(what, "is too long");
  const bool is_printable = std::all_of(url.begin(), url.end(), [](char c) {
    return c > ' ' && c < '\x7F' && c != '\\' && c != '"' && c != '<' && c != '>';
  });
  if (!is_printable) return invalid(what, "holds a character that a URL cannot");
  if (!equals_ignoring_case(url.substr(0, kScheme.size()), kScheme)) {
    return invalid(what, "must begin with https://");
  }
  url.remove_prefix(kScheme.size());
  if (url.find('#') != std::string_view::npos) return invalid(what, "has a fragment");
  const std::size_t end = url.find_first_of("/?");
  const std::string_view authority = url.substr(0, end);
  if (authority.find('@') != std::string_view::npos) {
    return invalid(what, "holds user information");
  }
  const auto host = read_host_and_port(what, authority, rules);
  if (!host) return host.error();
  HttpsUrl read;
  read.host = host->host;
  if (host->port != 0) read.port = host->port;
  if (end != std::string_view::npos) read.path_and_query = std::string(url.substr(end));
  return read;
}

}  // namespace berth::coordinator
