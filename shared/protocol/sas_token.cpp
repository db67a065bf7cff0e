#include "shared/protocol/sas_token.hpp"

#include <limits>
#include <optional>
#include <utility>

#include "shared/base/encoding.hpp"

namespace berth::protocol {
namespace {

constexpr std::string_view kScheme = "SharedAccessSignature ";
constexpr std::size_t kSignatureSize = 32;

Error not_a_token(std::string reason) {
  return Error{Errc::unauthorized, "the SAS token " + std::move(reason)};
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
  if (text.empty()) return std::nullopt;
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  std::int64_t seconds = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const int digit = c - '0';
    if (seconds > (kMax - digit) / 10) return std::nullopt;
    seconds = seconds * 10 + digit;
  }
  return seconds;
}

struct Fields {
  std::optional<std::string_view> sr;
  std::optional<std::string_view> sig;
  std::optional<std::string_view> se;
  std::optional<std::string_view> skn;

  // Where the field of that name goes; nullptr for a name that no token has.
  std::optional<std::string_view>* named(std::string_view name) {
    if (name == "sr") return &sr;
    if (name == "sig") return &sig;
    if (name == "se") return &se;
    if (name == "skn") return &skn;
    return nullptr;
  }
};

Result<Fields> split(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view field = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    // Base64 ends in '=': only the first one separates.
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) return not_a_token("has a field without a value");
    std::optional<std::string_view>* place = fields.named(field.substr(0, equals));
    if (place == nullptr) return not_a_token("has an unknown field");
    if (*place) return not_a_token("repeats a field");
    *place = field.substr(equals + 1);
  }
  return fields;
}

}  // namespace

Result<SasToken> parse_sas_token(std::string_view text) {
  if (text.size() > kMaxSasTokenLength) return not_a_token("is too long");
  if (!equals_ignoring_case(text.substr(0, kScheme.size()), kScheme)) {
    return not_a_token("does not begin with SharedAccessSignature");
  }
  auto fields = split(text.substr(kScheme.size()));
  if (!fields) return fields.error();
  if (!fields->sr || !fields->sig || !fields->se) return not_a_token("lacks sr, sig or se");
  if (fields->sr->empty()) return not_a_token("has an empty sr");

  SasToken token;
  token.resource = std::string(*fields->sr);
  token.expiry_text = std::string(*fields->se);
  const auto expiry = parse_seconds(*fields->se);
  if (!expiry) return not_a_token("has an se that is not a number of seconds");
  token.expiry = *expiry;
  const auto signature_text = percent_decode(*fields->sig);
  auto signature = signature_text ? from_base64(*signature_text) : std::nullopt;
  if (!signature || signature->size() != kSignatureSize) {
    return not_a_token("has a sig that is not base64 of 32 bytes");
  }
  token.signature = std::move(*signature);
  if (fields->skn) {
    auto key_name = percent_decode(*fields->skn);
    if (!key_name) return not_a_token("has a skn with a broken escape");
    token.key_name = std::move(*key_name);
  }
  return token;
}

Result<std::string> decoded_resource(const SasToken& token) {
  auto resource = percent_decode(token.resource);
  if (!resource) return not_a_token("has an sr with a broken escape");
  return std::move(*resource);
}

bool covers(const SasToken& token, std::string_view host_and_path) {
  auto resource = percent_decode(token.resource);
  if (!resource) return false;
  while (resource->ends_with('/')) resource->pop_back();
  if (resource->empty() || host_and_path.size() < resource->size()) return false;
  if (!equals_ignoring_case(host_and_path.substr(0, resource->size()), *resource)) return false;
  // A prefix of whole segments: /a/b covers /a/b/c, and not /a/bc (service API 1.10, rule 3).
  return host_and_path.size() == resource->size() || host_and_path[resource->size()] == '/';
}

UnsignedSasToken::UnsignedSasToken(std::string_view resource, std::int64_t expiry_unix_seconds,
                                   std::string_view policy)
    : resource_(percent_encode(resource)),
      expiry_(std::to_string(expiry_unix_seconds)),
      policy_(percent_encode(policy)) {}

std::string UnsignedSasToken::finish(ByteView signature) const {
  std::string token = std::string(kScheme) + "sr=" + resource_ +
                      "&sig=" + percent_encode(to_base64(signature)) + "&se=" + expiry_;
  if (!policy_.empty()) token += "&skn=" + policy_;
  return token;
}

std::string make_sas_token(std::string_view resource, const SecretBytes& key,
                           std::int64_t expiry_unix_seconds, std::string_view policy,
                           ports::Crypto& crypto) {
  const UnsignedSasToken token(resource, expiry_unix_seconds, policy);
  return token.finish(crypto.hmac_sha256(key.reveal(), as_bytes(token.text())));
}

}  // namespace berth::protocol
