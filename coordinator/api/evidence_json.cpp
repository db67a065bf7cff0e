#include "coordinator/api/evidence_json.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>

#include "shared/base/encoding.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"
#include "shared/protocol/sas_token.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;

// A TPM2B_PUBLIC in base64; an RSA 2048 one is some 430 characters.
constexpr std::size_t kMaxTpmKeyText = 4096;

Result<Bytes> read_tpm_key(const bj::object& tpm, const char* name, bool is_needed) {
  const auto text = json::find_string(tpm, name);
  if (!text) return text.error();
  if (!*text) {
    if (!is_needed) return Bytes{};
    return Error{Errc::invalid, std::string("'evidence.tpm' needs '") + name + "'"};
  }
  if ((*text)->size() > kMaxTpmKeyText) {
    return Error{Errc::too_large, std::string("'") + name + "' is longer than 4096 characters"};
  }
  auto bytes = from_base64(**text);
  if (!bytes || bytes->empty()) {
    return Error{Errc::invalid, std::string("'") + name + "' is not base64"};
  }
  return std::move(*bytes);
}

Result<domain::Evidence> read_token(const std::string& text) {
  domain::Evidence evidence;
  auto token = protocol::parse_sas_token(text);
  if (!token) return Error{Errc::invalid, "'evidence.sasToken': " + token.error().reason};
  evidence.token = std::move(*token);
  return evidence;
}

// PEM or base64 of DER, each.
Result<std::vector<Bytes>> read_certificates(const bj::array& texts, const std::string& name,
                                             std::size_t most) {
  if (texts.empty() || texts.size() > most) {
    return Error{Errc::invalid, name + " has 1 to " + std::to_string(most) + " certificates"};
  }
  std::vector<Bytes> ders;
  for (const bj::value& value : texts) {
    const bj::string* text = value.if_string();
    if (text == nullptr) return Error{Errc::malformed, name + " is an array of texts"};
    auto der = json::read_certificate_text({text->data(), text->size()});
    if (!der) return Error{Errc::invalid, name + ": " + der.error().reason};
    ders.push_back(std::move(*der));
  }
  return ders;
}

Result<domain::Evidence> read_chain(const bj::array& texts, ports::Crypto& crypto) {
  const auto ders =
      read_certificates(texts, "'evidence.certificateChain'", domain::kMaxPresentedCertificates);
  if (!ders) return ders.error();
  auto chain = domain::parse_presented_chain(*ders, crypto);
  if (!chain) return Error{Errc::invalid, "'evidence.certificateChain': " + chain.error().reason};
  domain::Evidence evidence;
  evidence.chain = std::move(*chain);
  return evidence;
}

Result<domain::Evidence> read_tpm(const bj::object& tpm) {
  auto endorsement_key = read_tpm_key(tpm, "endorsementKey", true);
  if (!endorsement_key) return endorsement_key.error();
  auto storage_root_key = read_tpm_key(tpm, "storageRootKey", false);
  if (!storage_root_key) return storage_root_key.error();
  domain::TpmEvidence shown{std::move(*endorsement_key), std::move(*storage_root_key)};
  const auto texts = json::find_array(tpm, "certificates");
  if (!texts) return texts.error();
  if (*texts != nullptr && !(*texts)->empty()) {
    auto ders =
        read_certificates(**texts, "'evidence.tpm.certificates'", domain::kMaxTpmCertificates);
    if (!ders) return ders.error();
    shown.certificates = std::move(*ders);
  }
  domain::Evidence evidence;
  evidence.tpm = std::move(shown);
  return evidence;
}

}  // namespace

Result<domain::Evidence> read_evidence(const bj::object& evidence, ports::Crypto& crypto) {
  const auto token = json::find_string(evidence, "sasToken");
  if (!token) return token.error();
  const auto chain = json::find_array(evidence, "certificateChain");
  if (!chain) return chain.error();
  const auto tpm = json::find_object(evidence, "tpm");
  if (!tpm) return tpm.error();
  const int given = (*token ? 1 : 0) + (*chain != nullptr ? 1 : 0) + (*tpm != nullptr ? 1 : 0);
  if (given != 1) {
    return Error{Errc::invalid, "'evidence' has one of 'sasToken', 'certificateChain' and 'tpm'"};
  }
  if (*token) return read_token(**token);
  if (*chain != nullptr) return read_chain(**chain, crypto);
  return read_tpm(**tpm);
}

}  // namespace berth::coordinator
