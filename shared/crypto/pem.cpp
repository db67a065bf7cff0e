#include "shared/crypto/pem.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/crypto/openssl/private_key.hpp"

namespace berth::crypto {

namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::size_t kLineLength = 64;  // RFC 7468 section 2

struct Block {
  std::string_view label;
  std::string_view body;
};

enum class Found { block, nothing, damaged };

// Takes the next block off the front of `text`.
Found next_block(std::string_view& text, Block& block) {
  const std::size_t begin = text.find(kBegin);
  if (begin == std::string_view::npos) return Found::nothing;
  text.remove_prefix(begin + kBegin.size());
  const std::size_t label_end = text.find(kDashes);
  if (label_end == std::string_view::npos) return Found::damaged;
  block.label = text.substr(0, label_end);
  if (block.label.find_first_of("\r\n") != std::string_view::npos) return Found::damaged;
  text.remove_prefix(label_end + kDashes.size());
  const std::size_t end = text.find(kEnd);
  if (end == std::string_view::npos) return Found::damaged;
  block.body = text.substr(0, end);
  text.remove_prefix(end + kEnd.size());
  if (!text.starts_with(block.label) || !text.substr(block.label.size()).starts_with(kDashes)) {
    return Found::damaged;
  }
  text.remove_prefix(block.label.size() + kDashes.size());
  return Found::block;
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::optional<Bytes> decode(std::string_view body) {
  std::string base64;
  base64.reserve(body.size());  // never reallocates, so that the wipe below reaches every copy
  std::copy_if(body.begin(), body.end(), std::back_inserter(base64),
               [](char c) { return !is_space(c); });
  std::optional<Bytes> der = from_base64(base64);
  wipe({reinterpret_cast<std::uint8_t*>(base64.data()), base64.size()});
  if (der && der->empty()) return std::nullopt;
  return der;
}

}  // namespace

std::optional<std::vector<Bytes>> read_pem_certificates(std::string_view text) {
  if (text.size() > kMaxPemText) return std::nullopt;
  std::vector<Bytes> certificates;
  while (true) {
    Block block;
    const Found found = next_block(text, block);
    if (found == Found::damaged) return std::nullopt;
    if (found == Found::nothing) break;
    if (block.label != "CERTIFICATE") continue;
    if (certificates.size() == kMaxPemCertificates) return std::nullopt;
    std::optional<Bytes> der = decode(block.body);
    if (!der) return std::nullopt;
    certificates.push_back(std::move(*der));
  }
  if (certificates.empty()) return std::nullopt;
  return certificates;
}

std::string write_pem(std::string_view label, ByteView der) {
  const std::string base64 = to_base64(der);
  std::string text;
  text.append(kBegin).append(label).append(kDashes).append("\n");
  for (std::size_t at = 0; at < base64.size(); at += kLineLength) {
    text.append(base64, at, kLineLength).append("\n");
  }
  text.append(kEnd).append(label).append(kDashes).append("\n");
  return text;
}

Result<SecretBytes> read_pem_private_key(std::string_view text) {
  if (text.size() > kMaxPemText) return Error{Errc::malformed, "the key file is too large"};
  while (true) {
    Block block;
    const Found found = next_block(text, block);
    if (found == Found::damaged) return Error{Errc::malformed, "a PEM block is damaged"};
    if (found == Found::nothing) return Error{Errc::malformed, "there is no private key in PEM"};
    const bool older = block.label == "EC PRIVATE KEY" || block.label == "RSA PRIVATE KEY";
    // RFC 1421 headers stand in the older form of an encrypted key.
    if (block.label == "ENCRYPTED PRIVATE KEY" ||
        (older && block.body.find("ENCRYPTED") != std::string_view::npos)) {
      return Error{Errc::unsupported,
                   "the private key is encrypted; decrypt it first (openssl pkey)"};
    }
    if (block.label != "PRIVATE KEY" && !older) continue;
    std::optional<Bytes> decoded = decode(block.body);
    if (!decoded) return Error{Errc::malformed, "the private key is not valid base64"};
    const SecretBytes der(std::move(*decoded));
    const Result<openssl::Key> key = openssl::read_private_key(der.reveal());
    if (!key) return key.error();
    return openssl::to_pkcs8(**key);
  }
}

}  // namespace berth::crypto
