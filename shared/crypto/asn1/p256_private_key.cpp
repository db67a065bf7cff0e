#include "shared/crypto/asn1/p256_private_key.hpp"

#include <string_view>

#include "shared/crypto/asn1/der_reader.hpp"

namespace berth::crypto::asn1 {

namespace {

using namespace std::string_view_literals;

constexpr auto kEcPublicKey = "\x2A\x86\x48\xCE\x3D\x02\x01"sv;
constexpr auto kP256 = "\x2A\x86\x48\xCE\x3D\x03\x01\x07"sv;
constexpr std::size_t kKeySize = 32;

}  // namespace

std::optional<ByteView> p256_private_key(ByteView pkcs8) {
  const std::optional<Element> info = only_element(pkcs8, tag::kSequence);
  if (!info) return std::nullopt;
  DerReader fields(info->content);
  const std::optional<Element> version = fields.next(tag::kInteger);
  if (!version || small_integer(version->content) != 0U) return std::nullopt;
  const std::optional<Element> algorithm = fields.next(tag::kSequence);
  if (!algorithm) return std::nullopt;
  DerReader identifiers(algorithm->content);
  const std::optional<Element> type = identifiers.next(tag::kObjectIdentifier);
  const std::optional<Element> curve = type ? identifiers.next(tag::kObjectIdentifier) : type;
  if (!curve || as_text(type->content) != kEcPublicKey || as_text(curve->content) != kP256) {
    return std::nullopt;
  }
  const std::optional<Element> wrapped = fields.next(tag::kOctetString);
  if (!wrapped) return std::nullopt;
  const std::optional<Element> ec_key = only_element(wrapped->content, tag::kSequence);
  if (!ec_key) return std::nullopt;
  DerReader parts(ec_key->content);
  const std::optional<Element> ec_version = parts.next(tag::kInteger);
  if (!ec_version || small_integer(ec_version->content) != 1U) return std::nullopt;
  const std::optional<Element> key = parts.next(tag::kOctetString);
  if (!key || key->content.size() != kKeySize) return std::nullopt;
  return key->content;
}

}  // namespace berth::crypto::asn1
