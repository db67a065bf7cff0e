#include "shared/json/attestation_json.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "shared/base/encoding.hpp"
#include "shared/domain/model/ca_certificate.hpp"
#include "shared/json/certificate_json.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"
#include "shared/json/tpm_group_json.hpp"

namespace berth::json {
namespace {

namespace bj = boost::json;
using domain::X509Attestation;

// A TPM2B_PUBLIC of the largest RSA key is a tenth of this in base64.
constexpr std::size_t kMaxEndorsementKeyText = 8192;

Error invalid(std::string reason) {
  return Error{Errc::invalid, std::move(reason)};
}

// One key: sent, stored, or made, in this order. An empty string counts as "not sent" (service API
// 1.8: the Java SDK asks for keys that way).
Result<SecretBytes> read_key(const bj::object* keys, std::string_view name,
                             const SecretBytes* stored, ports::Entropy& entropy) {
  std::optional<std::string> text;
  if (keys != nullptr) {
    auto found = find_string(*keys, name);
    if (!found) return found.error();
    text = std::move(*found);
  }
  if (!text || text->empty()) {
    if (stored != nullptr && !stored->empty()) return *stored;
    return entropy.secret(kGeneratedSymmetricKeySize);
  }
  auto key = from_base64(*text);
  if (!key) return invalid("'" + std::string(name) + "' is not base64");
  SecretBytes secret(std::move(*key));
  if (secret.size() < domain::kMinSymmetricKeySize ||
      secret.size() > domain::kMaxSymmetricKeySize) {
    return invalid("'" + std::string(name) + "' must have 16 to 64 bytes before base64");
  }
  return secret;
}

Result<domain::Attestation> read_symmetric_key(const bj::object& mechanism,
                                               const domain::Attestation* stored,
                                               ports::Entropy& entropy) {
  const auto keys = find_object(mechanism, "symmetricKey");
  if (!keys) return keys.error();
  const domain::SymmetricKeyAttestation* kept =
      stored == nullptr ? nullptr : std::get_if<domain::SymmetricKeyAttestation>(stored);
  auto primary = read_key(*keys, "primaryKey", kept == nullptr ? nullptr : &kept->primary, entropy);
  if (!primary) return primary.error();
  auto secondary =
      read_key(*keys, "secondaryKey", kept == nullptr ? nullptr : &kept->secondary, entropy);
  if (!secondary) return secondary.error();
  return domain::Attestation(
      domain::SymmetricKeyAttestation{std::move(*primary), std::move(*secondary)});
}

// The certificate of one slot: `certificate` replaces it, `info` alone keeps it, absence removes
// it.
Result<Bytes> read_slot(const bj::object& slots, std::string_view name, const Bytes* stored,
                        ports::Crypto& crypto) {
  const auto slot = find_object(slots, name);
  if (!slot) return slot.error();
  if (*slot == nullptr) return Bytes{};
  const auto text = find_string(**slot, "certificate");
  if (!text) return text.error();
  if (*text && !(*text)->empty()) {
    auto der = read_certificate_text(**text);
    if (!der) return der.error();
    if (const auto parsed = crypto.parse_certificate(*der); !parsed) {
      return invalid("the " + std::string(name) +
                     " certificate cannot be read: " + parsed.error().reason);
    }
    return der;
  }
  if (find(**slot, "info") == nullptr) return Bytes{};
  if (stored == nullptr || stored->empty()) {
    return invalid("'" + std::string(name) +
                   "' has 'info' only, and there is no stored certificate that it could keep");
  }
  return *stored;
}

Result<domain::Attestation> read_certificates(const bj::object& slots, X509Attestation::Kind kind,
                                              const X509Attestation* stored,
                                              ports::Crypto& crypto) {
  const bool keeps = stored != nullptr && stored->kind == kind;
  auto primary = read_slot(slots, "primary", keeps ? &stored->primary : nullptr, crypto);
  if (!primary) return primary.error();
  auto secondary = read_slot(slots, "secondary", keeps ? &stored->secondary : nullptr, crypto);
  if (!secondary) return secondary.error();
  if (primary->empty() && secondary->empty()) {
    return invalid("'x509' needs a primary or a secondary certificate");
  }
  X509Attestation x509;
  x509.kind = kind;
  x509.primary = std::move(*primary);
  x509.secondary = std::move(*secondary);
  return domain::Attestation(std::move(x509));
}

Result<domain::Attestation> read_ca_references(const bj::object& references) {
  X509Attestation x509;
  x509.kind = X509Attestation::Kind::ca_references;
  auto primary = find_string(references, "primary");
  if (!primary) return primary.error();
  auto secondary = find_string(references, "secondary");
  if (!secondary) return secondary.error();
  x509.primary_ca_name = std::move(*primary).value_or("");
  x509.secondary_ca_name = std::move(*secondary).value_or("");
  if (x509.primary_ca_name.empty() && x509.secondary_ca_name.empty()) {
    return invalid("'caReferences' names no CA certificate");
  }
  if (x509.primary_ca_name.size() > domain::kMaxCaCertificateName ||
      x509.secondary_ca_name.size() > domain::kMaxCaCertificateName) {
    return invalid("the name of a CA certificate has at most 256 characters");
  }
  return domain::Attestation(std::move(x509));
}

Result<domain::Attestation> read_x509(const bj::object& mechanism, AttestationOf of,
                                      const domain::Attestation* stored, ports::Crypto& crypto) {
  const auto x509 = find_object(mechanism, "x509");
  if (!x509) return x509.error();
  if (*x509 == nullptr) return invalid("attestation of type x509 needs 'x509'");
  const auto client = find_object(**x509, "clientCertificates");
  if (!client) return client.error();
  const auto signing = find_object(**x509, "signingCertificates");
  if (!signing) return signing.error();
  const auto references = find_object(**x509, "caReferences");
  if (!references) return references.error();
  const int given = (*client != nullptr ? 1 : 0) + (*signing != nullptr ? 1 : 0) +
                    (*references != nullptr ? 1 : 0);
  if (given != 1) {
    return invalid(
        "'x509' holds exactly one of clientCertificates, signingCertificates and caReferences");
  }
  const X509Attestation* kept = stored == nullptr ? nullptr : std::get_if<X509Attestation>(stored);
  if (*client != nullptr) {
    if (of == AttestationOf::group) {
      return invalid("a group attests by signingCertificates, not by clientCertificates");
    }
    return read_certificates(**client, X509Attestation::Kind::client_certificates, kept, crypto);
  }
  if (*signing != nullptr) {
    if (of == AttestationOf::individual) {
      return invalid(
          "an individual enrollment attests by clientCertificates, not by signingCertificates");
    }
    return read_certificates(**signing, X509Attestation::Kind::signing_certificates, kept, crypto);
  }
  return read_ca_references(**references);
}

Result<Bytes> read_tpm_key(const bj::object& tpm, std::string_view name) {
  const auto text = find_string(tpm, name);
  if (!text) return text.error();
  if (!*text) return Bytes{};
  auto key = from_base64(**text);
  if (!key) return invalid("'" + std::string(name) + "' is not base64");
  return std::move(*key);
}

Result<domain::Attestation> read_tpm(const bj::object& mechanism) {
  const auto tpm = find_object(mechanism, "tpm");
  if (!tpm) return tpm.error();
  if (*tpm == nullptr) return invalid("attestation of type tpm needs 'tpm'");
  const auto text = find_string(**tpm, "endorsementKey");
  if (!text) return text.error();
  if (!*text || (*text)->empty()) return invalid("'tpm' needs an 'endorsementKey'");
  if ((*text)->size() > kMaxEndorsementKeyText) return invalid("'endorsementKey' is too long");
  domain::TpmAttestation attestation;
  if (auto key = from_base64(**text); key && !key->empty()) {
    attestation.endorsement_key = std::move(*key);
  } else {
    attestation.unreadable_endorsement_key = **text;
  }
  auto storage_root_key = read_tpm_key(**tpm, "storageRootKey");
  if (!storage_root_key) return storage_root_key.error();
  attestation.storage_root_key = std::move(*storage_root_key);
  return domain::Attestation(std::move(attestation));
}

void add_slot(bj::object& to, std::string_view name, const Bytes& der, ports::Crypto& crypto) {
  if (der.empty()) return;
  const auto certificate = crypto.parse_certificate(der);
  // It parsed when it was written. Should the backend have grown stricter since, the slot is still
  // shown, so that a client that writes the record back does not remove the certificate.
  to[name] = {{"info", certificate ? certificate_info(*certificate) : bj::object{}}};
}

bj::object write_x509(const X509Attestation& x509, ports::Crypto& crypto) {
  bj::object slots;
  switch (x509.kind) {
    case X509Attestation::Kind::client_certificates:
    case X509Attestation::Kind::signing_certificates:
      add_slot(slots, "primary", x509.primary, crypto);
      add_slot(slots, "secondary", x509.secondary, crypto);
      break;
    case X509Attestation::Kind::ca_references:
      if (!x509.primary_ca_name.empty()) slots["primary"] = x509.primary_ca_name;
      if (!x509.secondary_ca_name.empty()) slots["secondary"] = x509.secondary_ca_name;
      break;
  }
  std::string_view kind;
  switch (x509.kind) {
    case X509Attestation::Kind::client_certificates: kind = "clientCertificates"; break;
    case X509Attestation::Kind::signing_certificates: kind = "signingCertificates"; break;
    case X509Attestation::Kind::ca_references: kind = "caReferences"; break;
  }
  bj::object members;
  members[kind] = std::move(slots);
  return members;
}

}  // namespace

Result<domain::Attestation> read_attestation(const bj::object& mechanism, AttestationOf of,
                                             const domain::Attestation* stored,
                                             ports::Crypto& crypto, ports::Entropy& entropy) {
  if (of == AttestationOf::group) {
    const auto* kept =
        stored == nullptr ? nullptr : std::get_if<domain::TpmGroupAttestation>(stored);
    const auto tpm_group = find_object(mechanism, kTpmGroupMember);
    if (!tpm_group) return tpm_group.error();
    if (*tpm_group != nullptr) {
      auto read = read_tpm_group(**tpm_group, kept, crypto);
      if (!read) return read.error();
      return domain::Attestation(std::move(*read));
    }
    // An SDK that does not know the member leaves it out; who says null means that.
    const bool says_none = mechanism.contains(kTpmGroupMember);
    if (kept != nullptr && !says_none && is_bare_symmetric_key(mechanism)) return *stored;
  }
  const auto type = find_string(mechanism, "type");
  if (!type) return type.error();
  const std::string_view name = *type ? std::string_view(**type) : std::string_view{};
  if (equals_ignoring_case(name, "symmetricKey")) {
    return read_symmetric_key(mechanism, stored, entropy);
  }
  if (equals_ignoring_case(name, "x509")) return read_x509(mechanism, of, stored, crypto);
  if (equals_ignoring_case(name, "tpm")) {
    if (of == AttestationOf::group) {
      return invalid("a group attests TPMs by 'tpmGroup', not by one endorsement key");
    }
    return read_tpm(mechanism);
  }
  return invalid("'attestation.type' must be symmetricKey, x509 or tpm");
}

bj::object write_attestation(const domain::Attestation& attestation, Keys keys,
                             ports::Crypto& crypto) {
  bj::object mechanism;
  if (const auto* symmetric = std::get_if<domain::SymmetricKeyAttestation>(&attestation)) {
    mechanism["type"] = "symmetricKey";
    if (keys == Keys::shown) {
      mechanism["symmetricKey"] = {{"primaryKey", to_base64(symmetric->primary.reveal())},
                                   {"secondaryKey", to_base64(symmetric->secondary.reveal())}};
    }
  } else if (const auto* x509 = std::get_if<X509Attestation>(&attestation)) {
    mechanism["type"] = "x509";
    mechanism["x509"] = write_x509(*x509, crypto);
  } else if (const auto* tpm = std::get_if<domain::TpmAttestation>(&attestation)) {
    mechanism["type"] = "tpm";
    bj::object members;
    members["endorsementKey"] = tpm->endorsement_key.empty() ? tpm->unreadable_endorsement_key
                                                             : to_base64(tpm->endorsement_key);
    if (!tpm->storage_root_key.empty()) {
      members["storageRootKey"] = to_base64(tpm->storage_root_key);
    }
    mechanism["tpm"] = std::move(members);
  } else if (const auto* group = std::get_if<domain::TpmGroupAttestation>(&attestation)) {
    return write_tpm_group(*group, crypto);
  }
  return mechanism;
}

}  // namespace berth::json
