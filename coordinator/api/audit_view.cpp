#include "coordinator/api/audit_view.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/json/object.hpp>

#include "coordinator/api/admin_json.hpp"
#include "coordinator/store/etag.hpp"
#include "coordinator/store/tenants.hpp"
#include "coordinator/store/typed_records.hpp"
#include "shared/base/encoding.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/json_text.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;
using View = Result<std::optional<AuditView>>;

View shown(const bj::object& object, Bytes secrets = {}) {
  return std::optional<AuditView>(
      AuditView{json::serialize(bj::value(object)), SecretBytes(std::move(secrets))});
}

void add_secret(Bytes& to, ByteView secret) {
  // With its length: no two pairs of keys give the same bytes.
  const std::size_t size = secret.size();
  for (unsigned shift = 0; shift < 32; shift += 8) {
    to.push_back(static_cast<std::uint8_t>(size >> shift));
  }
  append(to, secret);
}

void add_secret(Bytes& to, const SecretBytes& secret) {
  add_secret(to, secret.reveal());
}

Bytes secrets_of(const domain::Attestation& attestation) {
  Bytes secrets;
  if (const auto* keys = std::get_if<domain::SymmetricKeyAttestation>(&attestation)) {
    add_secret(secrets, keys->primary);
    add_secret(secrets, keys->secondary);
  }
  return secrets;
}

// The query of a webhook's URL carries the key of an Azure function.
void hide_query(bj::object& enrollment, Bytes& secrets) {
  auto* const definition = enrollment.if_contains("customAllocationDefinition");
  auto* const url = definition != nullptr && definition->is_object()
                        ? definition->get_object().if_contains("webhookUrl")
                        : nullptr;
  if (url == nullptr || !url->is_string()) return;
  const std::string text(url->get_string());
  const std::size_t query = text.find('?');
  if (query == std::string::npos) return;
  add_secret(secrets, as_bytes(std::string_view(text).substr(query)));
  *url = text.substr(0, query) + "?(hidden)";
}

// What admins put into twins and notes about devices is anybody's guess: passwords of device
// programs, the site's network key. With its name, so that text that moves is a change.
void hide_member(bj::object& enrollment, std::string_view name, Bytes& secrets) {
  bj::value* const member = enrollment.if_contains(name);
  if (member == nullptr) return;
  add_secret(secrets, as_bytes(name));
  add_secret(secrets, as_bytes(json::serialize(*member)));
  *member = "(hidden)";
}

// What newer SDKs send and we do not understand may be a secret for all we know.
void hide_unknown_members(bj::object& enrollment, Bytes& secrets) {
  std::vector<std::string> unknown;
  for (const auto& [name, value] : enrollment) {
    if (!json::is_known_member(name)) unknown.emplace_back(name);
  }
  for (const std::string& name : unknown) hide_member(enrollment, name, secrets);
}

template <class T>
View enrollment_view(const json::EnrollmentJson& json, const store::Record& record) {
  const auto enrollment = decode_record<T>(record);
  if (!enrollment) return enrollment.error();
  bj::object object = json.write(enrollment->record,
                                 etag_of(enrollment->version, enrollment->record.stamps.created),
                                 json::Keys::hidden);
  Bytes secrets = secrets_of(enrollment->record.attestation);
  hide_query(object, secrets);
  hide_member(object, "initialTwin", secrets);
  hide_member(object, "optionalDeviceInformation", secrets);
  hide_unknown_members(object, secrets);
  return shown(object, std::move(secrets));
}

template <class T, class Write>
View view_of(const store::Record& record, Write write) {
  const auto decoded = decode_record<T>(record);
  if (!decoded) return decoded.error();
  return write(*decoded);
}

View policy_view(const store::Record& record) {
  return view_of<domain::AccessPolicy>(record, [](const auto& policy) {
    Bytes secrets;
    add_secret(secrets, policy.record.primary_key);
    add_secret(secrets, policy.record.secondary_key);
    return shown(write_policy(policy, PolicyKeys::hidden), std::move(secrets));
  });
}

View credential_view(const store::Record& record) {
  return view_of<domain::HubCredential>(record, [](const auto& credential) {
    bj::object object;
    object["hubId"] = credential.record.hub_id.str();
    object["policyName"] = credential.record.policy_name;
    Bytes secrets;
    add_secret(secrets, credential.record.policy_key);
    return shown(object, std::move(secrets));
  });
}

View default_tenant_view(const store::Record& record) {
  return view_of<domain::DefaultTenant>(record, [](const auto& tenant) {
    bj::object object;
    object["idScope"] = tenant.record.id_scope.str();
    return shown(object);
  });
}

View certificate_view(const store::Record& record) {
  return view_of<domain::CaCertificate>(record, [](const auto& certificate) {
    bj::object object;
    object["name"] = certificate.record.name;
    object["isVerified"] = certificate.record.is_verified;
    object["certificate"] = json::write_certificate_text(certificate.record.certificate);
    return shown(object);
  });
}

View view(const json::EnrollmentJson& json, const store::Record& record) {
  switch (record.table) {
    case store::Table::individual_enrollment:
      return enrollment_view<domain::IndividualEnrollment>(json, record);
    case store::Table::enrollment_group:
      return enrollment_view<domain::EnrollmentGroup>(json, record);
    case store::Table::linked_hub:
      return view_of<domain::LinkedHub>(record,
                                        [](const auto& hub) { return shown(write_hub(hub, {})); });
    case store::Table::tenant_settings:
      return view_of<domain::TenantSettings>(
          record, [](const auto& tenant) { return shown(write_tenant(tenant)); });
    case store::Table::registration:
      return view_of<domain::Registration>(record, [](const auto& registration) {
        bj::object object = write_registration(registration);
        Bytes secrets;
        hide_member(object, "payload", secrets);
        return shown(object, std::move(secrets));
      });
    case store::Table::ca_certificate: return certificate_view(record);
    case store::Table::admitted_tpm:
      return view_of<domain::AdmittedTpm>(
          record, [](const auto& tpm) { return shown(write_admitted_tpm(tpm.record)); });
    case store::Table::hub_credential: return credential_view(record);
    case store::Table::access_policy: return policy_view(record);
    case store::Table::gateway:
      return view_of<domain::Gateway>(
          record, [](const auto& gateway) { return shown(write_gateway(gateway)); });
    case store::Table::site:
      return view_of<domain::Site>(record,
                                   [](const auto& site) { return shown(write_site(site)); });
    case store::Table::node:
      // Of these only the operator's credential and the default tenant are an admin's to change.
      if (record.id == domain::kOperatorKeyName) return policy_view(record);
      if (record.id == kDefaultTenantId) return default_tenant_view(record);
      return std::optional<AuditView>{};
    case store::Table::quarantined_outcome:
      return view_of<domain::QuarantinedOutcome>(
          record, [](const auto& outcome) { return shown(write_quarantined(outcome.record)); });
    // What follows from changes, and what no admin sees.
    case store::Table::refusal_stub:
    case store::Table::registration_interest:
    case store::Table::registration_tombstone:
    case store::Table::tenant:
    case store::Table::outbox_watermark:
    case store::Table::audit_segment:
    case store::Table::audit_chain:
    case store::Table::audit_seal:
    case store::Table::cursor:
    case store::Table::permit:
    case store::Table::hub_token:
    case store::Table::intent:
    case store::Table::outbox:
    case store::Table::cleanup:
    case store::Table::new_device_count:
    case store::Table::last_attempt: return std::optional<AuditView>{};
  }
  return std::optional<AuditView>{};
}

}  // namespace

AdminStore::Describe audit_views(const json::EnrollmentJson& json) {
  return [&json](const store::Record& record) { return view(json, record); };
}

}  // namespace berth::coordinator
