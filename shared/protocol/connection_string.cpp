#include "shared/protocol/connection_string.hpp"

#include <utility>

#include "shared/base/encoding.hpp"

namespace berth::protocol {
namespace {

constexpr std::string_view kHostName = "HostName";
constexpr std::string_view kKeyName = "SharedAccessKeyName";
constexpr std::string_view kKey = "SharedAccessKey";

Error invalid(std::string reason) {
  return Error{Errc::invalid, std::move(reason)};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

Result<ConnectionString> parse_connection_string(std::string_view text) {
  if (text.size() > kMaxConnectionString) return invalid("the connection string is too long");
  ConnectionString parsed;
  bool has_key = false;
  text = trimmed(text);
  while (!text.empty()) {
    const std::size_t end = text.find(';');
    const std::string_view part = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      return invalid("a connection string is made of name=value parts, separated by ';'");
    }
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = part.substr(equals + 1);
    if (equals_ignoring_case(name, kHostName)) {
      parsed.host_name = std::string(value);
    } else if (equals_ignoring_case(name, kKeyName)) {
      parsed.key_name = std::string(value);
    } else if (equals_ignoring_case(name, kKey)) {
      has_key = true;
      parsed.is_masked = value == kMaskedKey;
      if (parsed.is_masked) continue;
      auto key = from_base64(value);
      if (!key || key->empty()) return invalid("SharedAccessKey is not base64");
      parsed.key = SecretBytes(std::move(*key));
    }
  }
  if (parsed.host_name.empty()) return invalid("the connection string lacks HostName");
  if (parsed.key_name.empty()) return invalid("the connection string lacks SharedAccessKeyName");
  if (!has_key) return invalid("the connection string lacks SharedAccessKey");
  return parsed;
}

std::string write_connection_string(std::string_view host_name, std::string_view key_name,
                                    const SecretBytes& key) {
  std::string text;
  text += kHostName;
  text += '=';
  text += host_name;
  text += ';';
  text += kKeyName;
  text += '=';
  text += key_name;
  text += ';';
  text += kKey;
  text += '=';
  text += key.empty() ? std::string(kMaskedKey) : to_base64(key.reveal());
  return text;
}

}  // namespace berth::protocol
