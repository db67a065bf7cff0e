// …/keyRoll: rolling the keys or certificates of an enrollment or a group in steps that several
// admins can take, see and undo (shared/domain/key_roll, docs/key_rolling.md). Where a roll stands
// is in the enrollment, and who uses what in the registrations; nothing is kept anywhere else.
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/admin_json.hpp"
#include "coordinator/api/answers.hpp"
#include "coordinator/api/paging.hpp"
#include "coordinator/store/etag.hpp"
#include "shared/base/encoding.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/attestation/x509.hpp"
#include "shared/domain/key_roll.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;
using domain::CredentialSlot;

// As DPS makes them (service API 2.4).
constexpr std::size_t kNewKeySize = 64;
constexpr std::array kSlots{CredentialSlot::primary, CredentialSlot::secondary};

struct OfGroup {
  using Record = domain::EnrollmentGroup;
  using Id = domain::EnrollmentGroupId;
  static constexpr const char* kCollection = "/berth/v1/enrollmentGroups/{enrollmentGroupId}";
  static constexpr const char* kIdMember = "enrollmentGroupId";
  static Result<std::optional<Versioned<Record>>> find(const Catalog& catalog,
                                                       const domain::IdScope& tenant,
                                                       const Id& id) {
    return catalog.enrollments.group(tenant, id);
  }
  static const Id& id_of(const Record& record) { return record.group_id; }
};

struct OfIndividual {
  using Record = domain::IndividualEnrollment;
  using Id = domain::RegistrationId;
  static constexpr const char* kCollection = "/berth/v1/enrollments/{registrationId}";
  static constexpr const char* kIdMember = "registrationId";
  static Result<std::optional<Versioned<Record>>> find(const Catalog& catalog,
                                                       const domain::IdScope& tenant,
                                                       const Id& id) {
    return catalog.enrollments.individual(tenant, id);
  }
  static const Id& id_of(const Record& record) { return record.registration_id; }
};

template <class Kind>
class KeyRolls {
 public:
  using Record = typename Kind::Record;
  using Id = typename Kind::Id;

  KeyRolls(Catalog& catalog, ports::Crypto& crypto, ports::Clock& clock, ports::Entropy& entropy)
      : catalog_(catalog), crypto_(crypto), clock_(clock), entropy_(entropy) {}

  Result<http::Response> status(const Call& call) const {
    const auto stand = stand_of(call);
    if (!stand) return stand.error();
    return json_answer(200, write(*stand));
  }

  Result<http::Response> start(const Call& call) {
    auto stand = stand_of(call);
    if (!stand) return stand.error();
    if (const auto fits = check_etag(call, *stand); !fits) return fits.error();
    const auto body = read_body(call.request);
    if (!body) return body.error();
    const auto force = read_force(*body);
    if (!force) return force.error();
    const auto wanted = read_slot(*body);
    if (!wanted) return wanted.error();
    if (stand->is_under_way) {
      return Error{Errc::conflict, "a roll is under way already; finish or abort it first"};
    }
    Record record = stand->stored.record;
    auto credential = read_credential(call.tenant, *body, record);
    if (!credential) return credential.error();
    const auto slot = domain::choose_slot(stand->ids, stand->use, *wanted, *force);
    if (!slot) return slot.error();
    bj::object made;
    if (const auto* key = std::get_if<SecretBytes>(&*credential)) {
      made["newKey"] = to_base64(key->reveal());
    }
    auto placed = domain::place(std::move(*credential), *slot, record.attestation);
    if (!placed) return placed.error();

    // As they will be stored, to say which is which.
    domain::keep_key_names(stand->stored.record.attestation, record.attestation);
    const auto ids = ids_of(call.tenant, record, stand->stored.version + 1);
    if (!ids) return ids.error();
    record.key_roll = {ids->at(domain::other(*slot)), ids->at(*slot), clock_.wall()};
    return written(call, std::move(record), stand->stored.version, std::move(made));
  }

  // The old one goes.
  Result<http::Response> finish(const Call& call) {
    return end(call, [](CredentialSlot next) { return domain::other(next); });
  }
  // The new one goes.
  Result<http::Response> abort(const Call& call) {
    return end(call, [](CredentialSlot next) { return next; });
  }

  // Who uses the old one, or what `uses` names.
  Result<http::Response> devices(const Call& call) const {
    const auto stand = stand_of(call);
    if (!stand) return stand.error();
    const auto page = read_page_request(call.target.parameter("maxItemCount"),
                                        call.target.parameter("continuation"));
    if (!page) return page.error();
    const auto used = credential_used(*stand, call.target.parameter("uses"));
    if (!used) return used.error();
    const auto listing = catalog_.registrations.list_using(call.tenant, stand->enrollment, *used,
                                                           page->continuation, page->size);
    if (!listing) return listing.error();
    bj::array rows;
    for (const auto& row : listing->records) {
      bj::object device;
      device["registrationId"] = row.record.registration_id.str();
      device["uses"] = role_text(*stand, row.record.credential_id);
      device["lastSeenUtc"] = to_iso8601(row.record.arrival);
      device["gatewayId"] = row.record.gateway_id.str();
      device["assignedHub"] = row.record.assigned_hub;
      rows.push_back(std::move(device));
    }
    return list_answer(std::move(rows), listing->continuation);
  }

 private:
  // An enrollment, what it holds and who uses it.
  struct Stand {
    Versioned<Record> stored;
    domain::EnrollmentRef enrollment;
    domain::CredentialIds ids;
    domain::CredentialUse use;
    bool is_under_way = false;
  };

  Result<Stand> stand_of(const Call& call) const {
    const auto id = Id::parse(call.arguments.front());
    if (!id) return id.error();
    auto found = Kind::find(catalog_, call.tenant, *id);
    if (!found) return found.error();
    if (!*found) return Error{Errc::not_found, "there is no enrollment '" + id->str() + "'"};
    Stand stand;
    stand.stored = std::move(**found);
    stand.enrollment = {std::is_same_v<Kind, OfGroup>, Kind::id_of(stand.stored.record).str(),
                        stand.stored.version};
    const auto ids = ids_of(call.tenant, stand.stored.record, stand.stored.version + 1);
    if (!ids) return ids.error();
    stand.ids = *ids;
    stand.is_under_way = domain::is_under_way(stand.stored.record.key_roll, stand.ids);
    const auto use = use_of(call.tenant, stand);
    if (!use) return use.error();
    stand.use = *use;
    return stand;
  }

  // Keys that were written before they had names get those that the next write gives them.
  Result<domain::CredentialIds> ids_of(const domain::IdScope& tenant, Record record,
                                       std::uint64_t version) const {
    domain::name_keys(version, record.stamps.created, record.attestation);
    if (const auto* keys = std::get_if<domain::SymmetricKeyAttestation>(&record.attestation)) {
      return domain::key_ids(*keys);
    }
    const auto* x509 = std::get_if<domain::X509Attestation>(&record.attestation);
    if (x509 == nullptr) return domain::CredentialIds{};
    auto primary = thumbprint(tenant, x509->primary, x509->primary_ca_name);
    if (!primary) return primary.error();
    auto secondary = thumbprint(tenant, x509->secondary, x509->secondary_ca_name);
    if (!secondary) return secondary.error();
    return domain::CredentialIds{std::move(*primary), std::move(*secondary)};
  }

  Result<std::string> thumbprint(const domain::IdScope& tenant, const Bytes& certificate,
                                 const std::string& ca_name) const {
    if (!certificate.empty()) return to_upper_hex(crypto_.sha256(certificate));
    if (ca_name.empty()) return std::string();
    const auto uploaded = catalog_.ca_certificates.find(tenant, ca_name);
    if (!uploaded) return uploaded.error();
    if (!*uploaded) return std::string();
    return to_upper_hex(crypto_.sha256((*uploaded)->record.certificate));
  }

  Result<domain::CredentialUse> use_of(const domain::IdScope& tenant, const Stand& stand) const {
    domain::CredentialUse use;
    const auto registered = catalog_.registrations.count_of(tenant, stand.enrollment);
    if (!registered) return registered.error();
    use.registrations = *registered;
    const auto count = [&](std::string_view id, std::uint64_t& into) -> Result<void> {
      const auto counted = catalog_.registrations.count_using(tenant, stand.enrollment, id);
      if (!counted) return counted.error();
      into = *counted;
      return {};
    };
    if (auto counted = count({}, use.unknown); !counted) return counted.error();
    if (!stand.ids.primary.empty()) {
      if (auto counted = count(stand.ids.primary, use.primary); !counted) return counted.error();
    }
    if (!stand.ids.secondary.empty() && stand.ids.secondary != stand.ids.primary) {
      if (auto counted = count(stand.ids.secondary, use.secondary); !counted) {
        return counted.error();
      }
    }
    return use;
  }

  static Result<void> check_etag(const Call& call, const Stand& stand) {
    return check_if_match(call.request,
                          etag_of(stand.stored.version, stand.stored.record.stamps.created));
  }

  template <class Leaving>
  Result<http::Response> end(const Call& call, Leaving leaving) {
    auto stand = stand_of(call);
    if (!stand) return stand.error();
    if (const auto fits = check_etag(call, *stand); !fits) return fits.error();
    const auto body = read_body(call.request);
    if (!body) return body.error();
    const auto force = read_force(*body);
    if (!force) return force.error();
    Record record = stand->stored.record;
    if (!stand->is_under_way) return Error{Errc::conflict, "no roll is under way"};
    const CredentialSlot slot = leaving(domain::new_slot(record.key_roll, stand->ids));
    if (auto unused = domain::check_unused(slot, stand->use, *force); !unused) {
      return unused.error();
    }
    record.key_roll = {stand->ids.at(domain::other(slot)), {}, {}};
    domain::vacate(slot, entropy_.secret(kNewKeySize), record.attestation);
    return written(call, std::move(record), stand->stored.version, {});
  }

  // Writes the record and answers how things stand then.
  Result<http::Response> written(const Call& call, Record record, std::uint64_t version,
                                 bj::object more) {
    const auto put = catalog_.enrollments.put(call.tenant, std::move(record), version);
    if (!put) return put.error();
    const auto stand = stand_of(call);
    if (!stand) return stand.error();
    bj::object body = write(*stand);
    for (auto& member : more) body[member.key()] = std::move(member.value());
    return json_answer(200, body);
  }

  static Result<bool> read_force(const bj::object& body) {
    const auto force = json::find_bool(body, "force");
    if (!force) return force.error();
    return force->value_or(false);
  }

  static Result<std::optional<CredentialSlot>> read_slot(const bj::object& body) {
    const auto text = json::find_string(body, "slot");
    if (!text) return text.error();
    if (!*text || (*text)->empty()) return std::optional<CredentialSlot>{};
    for (const CredentialSlot slot : kSlots) {
      if (equals_ignoring_case(**text, domain::name_of(slot))) {
        return std::optional<CredentialSlot>(slot);
      }
    }
    return Error{Errc::invalid, "'slot' must be primary or secondary"};
  }

  // What the body gives; a symmetric key is made where it gives none.
  Result<domain::NewCredential> read_credential(const domain::IdScope& tenant,
                                                const bj::object& body,
                                                const Record& record) const {
    const auto key = json::find_string(body, "key");
    if (!key) return key.error();
    const auto certificate = json::find_string(body, "certificate");
    if (!certificate) return certificate.error();
    const auto reference = json::find_string(body, "caReference");
    if (!reference) return reference.error();
    if ((*key ? 1 : 0) + (*certificate ? 1 : 0) + (*reference ? 1 : 0) > 1) {
      return Error{Errc::invalid, "give one of 'key', 'certificate' and 'caReference'"};
    }
    if (*certificate) return read_certificate(**certificate, record);
    if (*reference) return read_reference(tenant, **reference);
    if (!*key) return domain::NewCredential(entropy_.secret(kNewKeySize));
    auto bytes = from_base64(**key);
    if (!bytes || bytes->size() < domain::kMinSymmetricKeySize ||
        bytes->size() > domain::kMaxSymmetricKeySize) {
      return Error{Errc::invalid, "'key' must be base64 of 16 to 64 bytes"};
    }
    return domain::NewCredential(SecretBytes(std::move(*bytes)));
  }

  // Devices that are given it shall not be refused for it.
  Result<domain::NewCredential> read_certificate(std::string_view text,
                                                 const Record& record) const {
    auto der = json::read_certificate_text(text);
    if (!der) return der.error();
    const auto parsed = crypto_.parse_certificate(*der);
    if (!parsed) {
      return Error{Errc::invalid, "the certificate cannot be read: " + parsed.error().reason};
    }
    const auto valid = domain::check_validity(*parsed, "the certificate", clock_.wall(), {});
    if (!valid) return Error{Errc::invalid, valid.error().reason};
    if constexpr (std::is_same_v<Kind, OfIndividual>) {
      const auto named = domain::check_common_name(*parsed, record.registration_id);
      if (!named) return Error{Errc::invalid, named.error().reason};
    } else {
      if (!parsed->is_ca) {
        return Error{Errc::invalid, "the certificate is not one of a CA, so that it issues none"};
      }
      if (parsed->has_key_usage && !parsed->may_sign_certificates) {
        return Error{Errc::invalid,
                     "the certificate may not sign others (its key usage lacks keyCertSign)"};
      }
    }
    return domain::NewCredential(std::move(*der));
  }

  Result<domain::NewCredential> read_reference(const domain::IdScope& tenant,
                                               const std::string& name) const {
    const auto uploaded = catalog_.ca_certificates.find(tenant, name);
    if (!uploaded) return uploaded.error();
    if (!*uploaded) {
      return Error{Errc::invalid, "no CA certificate named '" + name + "' is uploaded"};
    }
    if (!(*uploaded)->record.is_verified) {
      return Error{Errc::conflict, "nobody has proved to possess the key of the CA certificate '" +
                                       name + "', and it attests no device until then"};
    }
    return domain::NewCredential(domain::CaReference{name});
  }

  // What `uses` stands for; old if it is not said.
  static Result<std::string> credential_used(const Stand& stand, std::string_view uses) {
    if (equals_ignoring_case(uses, "unknown")) return std::string();
    for (const CredentialSlot slot : kSlots) {
      const bool is_old = equals_ignoring_case(uses, "old") || uses.empty();
      const bool is_new = equals_ignoring_case(uses, "new");
      const std::string& id = stand.ids.at(slot);
      const bool is_wanted = equals_ignoring_case(uses, domain::name_of(slot)) ||
                             (is_old && role_text(stand, id) == "old") ||
                             (is_new && role_text(stand, id) == "new");
      if (!is_wanted) continue;
      if (id.empty()) break;
      return id;
    }
    return Error{Errc::invalid,
                 "'uses' names nothing that the enrollment holds: old and new (while a roll is "
                 "under way), primary, secondary, or unknown"};
  }

  static std::string role_text(const Stand& stand, const std::string& id) {
    if (id.empty()) return "unknown";
    for (const CredentialSlot slot : kSlots) {
      if (id != stand.ids.at(slot)) continue;
      if (!stand.is_under_way) return std::string(domain::name_of(slot));
      return id == stand.stored.record.key_roll.next ? "new" : "old";
    }
    return "gone";
  }

  static bj::object write(const Stand& stand) {
    const domain::KeyRoll& roll = stand.stored.record.key_roll;
    bj::object body;
    body[Kind::kIdMember] = stand.enrollment.id;
    body["etag"] = etag_of(stand.stored.version, stand.stored.record.stamps.created);
    body["state"] = stand.is_under_way ? "underWay" : "none";
    body["registrations"] = stand.use.registrations;
    if (stand.is_under_way) {
      body["startedUtc"] = to_iso8601(roll.started);
      const CredentialSlot fresh = domain::new_slot(roll, stand.ids);
      body["old"] = stand.use.at(domain::other(fresh));
      body["new"] = stand.use.at(fresh);
    }
    body["unknown"] = stand.use.unknown;
    body["gone"] = stand.use.gone();
    body["slotForDevices"] = bj::string(domain::name_of(domain::slot_for_devices(roll, stand.ids)));
    for (const CredentialSlot slot : kSlots) {
      if (stand.ids.at(slot).empty()) continue;
      bj::object one;
      one["credentialId"] = stand.ids.at(slot);
      if (stand.is_under_way) one["role"] = role_text(stand, stand.ids.at(slot));
      one["registrations"] = stand.use.at(slot);
      body[std::string(domain::name_of(slot))] = std::move(one);
    }
    return body;
  }

  Catalog& catalog_;
  ports::Crypto& crypto_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
};

template <class Kind>
void add_endpoints(const KeyRolls<Kind>& lent, std::vector<Endpoint>& all) {
  const Access read = tenant_with(domain::AccessRight::enrollment_read);
  const Access write = tenant_with(domain::AccessRight::enrollment_write);
  const Access who = tenant_with(domain::AccessRight::registration_status_read);
  const std::string roll = std::string(Kind::kCollection) + "/keyRoll";
  const auto add = [&](const char* method, const std::string& path, const Access& access,
                       auto operation) {
    all.push_back(
        {method, path, access, false,
         [rolls = lent, operation](const Call& call) mutable { return operation(rolls, call); }});
  };
  using Rolls = KeyRolls<Kind>;
  add("GET", roll, read, [](Rolls& rolls, const Call& call) { return rolls.status(call); });
  add("POST", roll + "/start", write,
      [](Rolls& rolls, const Call& call) { return rolls.start(call); });
  add("POST", roll + "/finish", write,
      [](Rolls& rolls, const Call& call) { return rolls.finish(call); });
  add("POST", roll + "/abort", write,
      [](Rolls& rolls, const Call& call) { return rolls.abort(call); });
  add("GET", roll + "/devices", who,
      [](Rolls& rolls, const Call& call) { return rolls.devices(call); });
}

}  // namespace

std::vector<Endpoint> key_roll_endpoints(Catalog& catalog, ports::Crypto& crypto,
                                         ports::Clock& clock, ports::Entropy& entropy) {
  std::vector<Endpoint> all;
  add_endpoints(KeyRolls<OfGroup>(catalog, crypto, clock, entropy), all);
  add_endpoints(KeyRolls<OfIndividual>(catalog, crypto, clock, entropy), all);
  return all;
}

}  // namespace berth::coordinator
