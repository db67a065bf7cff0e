#include "tools/cli/same_record.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>

#include "shared/base/encoding.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"
#include "shared/json/tpm_group_json.hpp"

namespace berth::cli {
namespace {

namespace bj = boost::json;

constexpr std::array<std::string_view, 5> kReadOnly{
    "etag", "registrationState", "createdDateTimeUtc", "lastUpdatedDateTimeUtc", "attestation"};
// Compared without regard to case: the coordinator keeps the first spelling.
constexpr std::array<std::string_view, 2> kIds{"registrationId", "enrollmentGroupId"};

const bj::object* object_in(const bj::object* outer, std::string_view name) {
  const bj::value* value = outer == nullptr ? nullptr : json::find(*outer, name);
  return value == nullptr ? nullptr : value->if_object();
}

std::string text_in(const bj::object* outer, std::string_view name) {
  const bj::value* value = outer == nullptr ? nullptr : json::find(*outer, name);
  const bj::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string{} : std::string(text->data(), text->size());
}

// A slot with `info` only asks for what is there.
bool same_certificate(const bj::object* row, const bj::object* stored, ports::Crypto& crypto) {
  const std::string text = text_in(row, "certificate");
  if (row == nullptr || text.empty()) return true;
  const auto der = json::read_certificate_text(text);
  return der && to_upper_hex(crypto.sha256(*der)) ==
                    text_in(object_in(stored, "info"), "sha256Thumbprint");
}

// Answers show groups of TPMs as symmetricKey; `tpmGroup` beside it is what they are.
std::string type_of(const bj::object* mechanism) {
  return object_in(mechanism, json::kTpmGroupMember) != nullptr ? "tpmGroup"
                                                                : text_in(mechanism, "type");
}

// Of a certificate with its text, or of one that is only shown.
std::string thumbprint_of(const bj::value& entry, ports::Crypto& crypto) {
  const std::string text = text_in(entry.if_object(), "certificate");
  if (text.empty()) return text_in(object_in(entry.if_object(), "info"), "sha256Thumbprint");
  const auto der = json::read_certificate_text(text);
  return der ? to_upper_hex(crypto.sha256(*der)) : std::string{};
}

// In their order; a row that names none asks for none.
bool same_tpm_group(const bj::object* row, const bj::object* stored, ports::Crypto& crypto) {
  const auto certificates_of = [](const bj::object* group) {
    const bj::value* value = group == nullptr ? nullptr : json::find(*group, "certificates");
    const bj::array* list = value == nullptr ? nullptr : value->if_array();
    return list == nullptr ? bj::array{} : *list;
  };
  const bj::array asked = certificates_of(row);
  const bj::array there = certificates_of(stored);
  return std::equal(asked.begin(), asked.end(), there.begin(), there.end(),
                    [&crypto](const bj::value& one, const bj::value& other) {
                      const std::string thumbprint = thumbprint_of(one, crypto);
                      return !thumbprint.empty() &&
                             equals_ignoring_case(thumbprint, thumbprint_of(other, crypto));
                    });
}

bool same_attestation(const bj::object* row, const bj::object* stored, ports::Crypto& crypto) {
  if (!equals_ignoring_case(type_of(row), type_of(stored))) return false;
  if (!same_tpm_group(object_in(row, json::kTpmGroupMember),
                      object_in(stored, json::kTpmGroupMember), crypto)) {
    return false;
  }
  const bj::object* tpm = object_in(row, "tpm");
  const bj::object* stored_tpm = object_in(stored, "tpm");
  if (tpm != nullptr && (stored_tpm == nullptr || *tpm != *stored_tpm)) return false;
  const bj::object* x509 = object_in(row, "x509");
  const bj::object* stored_x509 = object_in(stored, "x509");
  for (const char* use : {"clientCertificates", "signingCertificates"}) {
    for (const char* slot : {"primary", "secondary"}) {
      if (!same_certificate(object_in(object_in(x509, use), slot),
                            object_in(object_in(stored_x509, use), slot), crypto)) {
        return false;
      }
    }
  }
  const bj::object* references = object_in(x509, "caReferences");
  const bj::object* stored_references = object_in(stored_x509, "caReferences");
  return references == nullptr ||
         (stored_references != nullptr && *references == *stored_references);
}

bool same_key(const bj::object* row, const bj::object* stored, const char* name) {
  const std::string asked = text_in(row, name);
  return asked.empty() || asked == text_in(stored, name);
}

}  // namespace

bool says_the_same(const bj::object& row, const bj::object& stored, ports::Crypto& crypto) {
  for (const auto& [name, value] : row) {
    if (std::find(kReadOnly.begin(), kReadOnly.end(), name) != kReadOnly.end()) continue;
    if (value.is_null()) continue;
    const bj::value* there = json::find(stored, name);
    if (there == nullptr) return false;
    if (std::find(kIds.begin(), kIds.end(), name) != kIds.end()) {
      if (!equals_ignoring_case(text_in(&row, name), text_in(&stored, name))) return false;
    } else if (*there != value) {
      return false;
    }
  }
  const bj::object* attestation = object_in(&stored, "attestation");
  return attestation != nullptr &&
         same_attestation(object_in(&row, "attestation"), attestation, crypto);
}

bool has_own_keys(const bj::object& row) {
  const bj::object* keys = object_in(object_in(&row, "attestation"), "symmetricKey");
  return !text_in(keys, "primaryKey").empty() || !text_in(keys, "secondaryKey").empty();
}

bool has_same_keys(const bj::object& row, const bj::object& mechanism) {
  const bj::object* keys = object_in(object_in(&row, "attestation"), "symmetricKey");
  const bj::object* stored = object_in(&mechanism, "symmetricKey");
  return same_key(keys, stored, "primaryKey") && same_key(keys, stored, "secondaryKey");
}

}  // namespace berth::cli
