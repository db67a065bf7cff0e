#include "shared/json/tpm_group_json.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <boost/json/array.hpp>

#include "shared/base/encoding.hpp"
#include "shared/json/certificate_json.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"

namespace berth::json {
namespace {

namespace bj = boost::json;

Error invalid(std::string reason) {
  return Error{Errc::invalid, std::move(reason)};
}

// A stored certificate by what answers show of it.
Result<Bytes> kept_certificate(const bj::object& info, const domain::TpmGroupAttestation* stored,
                               ports::Crypto& crypto) {
  const auto thumbprint = find_string(info, "sha256Thumbprint");
  if (!thumbprint) return thumbprint.error();
  if (*thumbprint && stored != nullptr) {
    for (const Bytes& der : stored->certificates) {
      if (equals_ignoring_case(to_hex(crypto.sha256(der)), **thumbprint)) return der;
    }
  }
  return invalid("'tpmGroup.certificates' has an 'info' that is of no stored certificate");
}

Result<Bytes> read_ca(const bj::object& entry, const domain::TpmGroupAttestation* stored,
                      ports::Crypto& crypto) {
  const auto text = find_string(entry, "certificate");
  if (!text) return text.error();
  if (!*text || (*text)->empty()) {
    const auto info = find_object(entry, "info");
    if (!info) return info.error();
    if (*info == nullptr) {
      return invalid("an entry of 'tpmGroup.certificates' needs a 'certificate'");
    }
    return kept_certificate(**info, stored, crypto);
  }
  auto der = read_certificate_text(**text);
  if (!der) return der.error();
  const auto parsed = crypto.parse_certificate(*der);
  if (!parsed) {
    return invalid("a certificate of 'tpmGroup' cannot be read: " + parsed.error().reason);
  }
  if (!parsed->is_ca) {
    return invalid("a certificate of 'tpmGroup' is not one of a CA, so that it issues none");
  }
  return der;
}

bool is_blank(const bj::object& keys, std::string_view name) {
  const bj::value* const key = find(keys, name);
  return key == nullptr || (key->is_string() && key->get_string().empty());
}

}  // namespace

Result<domain::TpmGroupAttestation> read_tpm_group(const bj::object& members,
                                                   const domain::TpmGroupAttestation* stored,
                                                   ports::Crypto& crypto) {
  const auto certificates = find_array(members, "certificates");
  if (!certificates) return certificates.error();
  domain::TpmGroupAttestation group;
  if (*certificates == nullptr) return group;
  if ((*certificates)->size() > domain::kMaxTpmGroupCertificates) {
    return invalid("'tpmGroup.certificates' has at most " +
                   std::to_string(domain::kMaxTpmGroupCertificates) + " certificates");
  }
  for (const bj::value& value : **certificates) {
    const bj::object* const entry = value.if_object();
    if (entry == nullptr) return invalid("an entry of 'tpmGroup.certificates' is an object");
    auto der = read_ca(*entry, stored, crypto);
    if (!der) return der.error();
    group.certificates.push_back(std::move(*der));
  }
  return group;
}

bj::object write_tpm_group(const domain::TpmGroupAttestation& group, ports::Crypto& crypto) {
  bj::array certificates;
  for (const Bytes& der : group.certificates) {
    bj::object info;
    if (const auto parsed = crypto.parse_certificate(der); parsed) {
      info = certificate_info(*parsed);
    } else {
      // It parsed when it was written; shown by what keeps it when it is written back.
      info["sha256Thumbprint"] = to_upper_hex(crypto.sha256(der));
    }
    bj::object entry;
    entry["info"] = std::move(info);
    certificates.push_back(std::move(entry));
  }
  bj::object members;
  members["certificates"] = std::move(certificates);
  bj::object mechanism;
  mechanism["type"] = "symmetricKey";
  mechanism[kTpmGroupMember] = std::move(members);
  return mechanism;
}

bool is_bare_symmetric_key(const bj::object& mechanism) {
  const bj::value* const type = find(mechanism, "type");
  if (type == nullptr || !type->is_string() ||
      !equals_ignoring_case(std::string_view(type->get_string()), "symmetricKey")) {
    return false;
  }
  const bj::value* const keys = find(mechanism, "symmetricKey");
  return keys == nullptr || (keys->is_object() && is_blank(keys->get_object(), "primaryKey") &&
                             is_blank(keys->get_object(), "secondaryKey"));
}

}  // namespace berth::json
