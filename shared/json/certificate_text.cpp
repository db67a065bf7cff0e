#include "shared/json/certificate_text.hpp"

#include "shared/base/encoding.hpp"

namespace berth::json {
namespace {

// RFC 7468 section 2.
constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";

Error no_certificate() {
  return Error{Errc::invalid,
               "'certificate' is neither PEM nor base64 of a certificate (PEM text or DER)"};
}

Result<Bytes> from_base64_lines(std::string_view text) {
  std::string digits;
  digits.reserve(text.size());
  for (const char c : text) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') digits += c;
  }
  auto bytes = from_base64(digits);
  if (!bytes || bytes->empty()) return no_certificate();
  return std::move(*bytes);
}

Result<Bytes> from_pem(std::string_view text) {
  const std::size_t begin = text.find(kBegin);
  const std::size_t end = text.find(kEnd, begin);
  if (begin == std::string_view::npos || end == std::string_view::npos) return no_certificate();
  const std::size_t from = begin + kBegin.size();
  return from_base64_lines(text.substr(from, end - from));
}

}  // namespace

Result<Bytes> read_certificate_text(std::string_view text) {
  if (text.size() > kMaxCertificateText) {
    return Error{Errc::too_large, "'certificate' is longer than " +
                                      std::to_string(kMaxCertificateText) + " characters"};
  }
  if (text.find("-----BEGIN") != std::string_view::npos) return from_pem(text);
  auto bytes = from_base64_lines(text);
  if (!bytes) return bytes.error();
  if (as_text(*bytes).find(kBegin) != std::string_view::npos) return from_pem(as_text(*bytes));
  return bytes;
}

std::string write_certificate_text(ByteView der) {
  constexpr std::size_t kLineLength = 64;
  const std::string digits = to_base64(der);
  std::string text(kBegin);
  text += '\n';
  for (std::size_t at = 0; at < digits.size(); at += kLineLength) {
    text += digits.substr(at, kLineLength);
    text += '\n';
  }
  text += kEnd;
  text += '\n';
  return text;
}

}  // namespace berth::json
