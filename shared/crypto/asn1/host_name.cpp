#include "shared/crypto/asn1/host_name.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <string_view>

#include "shared/base/encoding.hpp"
#include "shared/crypto/asn1/certificate_reader.hpp"
#include "shared/crypto/asn1/der_reader.hpp"

namespace berth::crypto::asn1 {

namespace {

using namespace std::string_view_literals;

constexpr auto kSubjectAltName = "\x55\x1D\x11"sv;
// RFC 5280 4.2.1.6: the GeneralName choices that name a host.
constexpr std::uint8_t kDnsName = tag::primitive(2);
constexpr std::uint8_t kIpAddress = tag::primitive(7);

// The extnValue of subjectAltName. The certificate has been through read_certificate.
std::optional<ByteView> alternative_names(ByteView der) {
  const std::optional<Element> certificate = only_element(der, tag::kSequence);
  if (!certificate) return std::nullopt;
  const std::optional<Element> body = DerReader(certificate->content).next(tag::kSequence);
  if (!body) return std::nullopt;
  DerReader fields(body->content);
  while (!fields.at_end()) {
    const std::optional<Element> field = fields.next();
    if (!field) return std::nullopt;
    if (field->tag != tag::constructed(3)) continue;
    const std::optional<Element> list = only_element(field->content, tag::kSequence);
    if (!list) return std::nullopt;
    DerReader extensions(list->content);
    while (!extensions.at_end()) {
      const std::optional<Element> extension = extensions.next(tag::kSequence);
      if (!extension) return std::nullopt;
      DerReader parts(extension->content);
      const std::optional<Element> id = parts.next(tag::kObjectIdentifier);
      if (!id) return std::nullopt;
      if (as_text(id->content) != kSubjectAltName) continue;
      if (parts.next_is(tag::kBoolean) && !parts.next()) return std::nullopt;
      const std::optional<Element> value = parts.next(tag::kOctetString);
      if (!value) return std::nullopt;
      return value->content;
    }
  }
  return std::nullopt;
}

bool dns_name_fits(std::string_view pattern, std::string_view host) {
  if (!pattern.starts_with("*.")) return equals_ignoring_case(pattern, host);
  const std::string_view parent = pattern.substr(1);  // with its dot
  const std::size_t dot = host.find('.');
  return std::count(parent.begin(), parent.end(), '.') >= 2 && dot != std::string_view::npos &&
         dot > 0 && equals_ignoring_case(host.substr(dot), parent);
}

}  // namespace

std::optional<Bytes> parse_ip_address(const std::string& text) {
  std::array<std::uint8_t, 16> address{};
  if (inet_pton(AF_INET, text.c_str(), address.data()) == 1) {
    return Bytes(address.begin(), address.begin() + 4);
  }
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) {
    return Bytes(address.begin(), address.end());
  }
  return std::nullopt;
}

bool certificate_names_host(ByteView certificate, const std::string& host) {
  if (!read_certificate(certificate)) return false;
  const std::optional<ByteView> value = alternative_names(certificate);
  if (!value) return false;
  const std::optional<Element> list = only_element(*value, tag::kSequence);
  if (!list) return false;

  const std::optional<Bytes> address = parse_ip_address(host);
  std::string_view name = host;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty()) return false;
  DerReader names(list->content);
  while (!names.at_end()) {
    const std::optional<Element> entry = names.next();
    if (!entry) return false;
    const std::string_view content = as_text(entry->content);
    if (address) {
      if (entry->tag == kIpAddress && content == as_text(*address)) return true;
    } else if (entry->tag == kDnsName && dns_name_fits(content, name)) {
      return true;
    }
  }
  return false;
}

}  // namespace berth::crypto::asn1
