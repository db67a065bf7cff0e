#include "shared/protocol/sync/record_codec.hpp"

#include <limits>

#include "shared/protocol/sync/wire_fields.hpp"

namespace berth::sync {
namespace {

// The overloads below would hide those of wire_fields.hpp.
using sync::put;
using sync::take;

void put(const domain::Attestation& from, wire::Attestation& to) {
  if (const auto* key = std::get_if<domain::SymmetricKeyAttestation>(&from)) {
    to.mutable_symmetric_key()->set_primary(text_of(key->primary));
    to.mutable_symmetric_key()->set_secondary(text_of(key->secondary));
    to.mutable_symmetric_key()->set_primary_id(key->primary_id);
    to.mutable_symmetric_key()->set_secondary_id(key->secondary_id);
  } else if (const auto* x509 = std::get_if<domain::X509Attestation>(&from)) {
    auto& out = *to.mutable_x509();
    out.set_kind(number_of(x509->kind));
    out.set_primary(text_of(x509->primary));
    out.set_secondary(text_of(x509->secondary));
    out.set_primary_ca_name(x509->primary_ca_name);
    out.set_secondary_ca_name(x509->secondary_ca_name);
  } else if (const auto* tpm = std::get_if<domain::TpmAttestation>(&from)) {
    to.mutable_tpm()->set_endorsement_key(text_of(tpm->endorsement_key));
    to.mutable_tpm()->set_storage_root_key(text_of(tpm->storage_root_key));
    to.mutable_tpm()->set_unreadable_endorsement_key(tpm->unreadable_endorsement_key);
  } else if (const auto* group = std::get_if<domain::TpmGroupAttestation>(&from)) {
    auto& out = *to.mutable_tpm_group();
    for (const Bytes& certificate : group->certificates) {
      out.add_certificates(text_of(certificate));
    }
  }
}

bool take(const wire::Attestation& from, domain::Attestation& to) {
  switch (from.kind_case()) {
    case wire::Attestation::kSymmetricKey: {
      domain::SymmetricKeyAttestation key;
      key.primary = secret_of(from.symmetric_key().primary());
      key.secondary = secret_of(from.symmetric_key().secondary());
      key.primary_id = from.symmetric_key().primary_id();
      key.secondary_id = from.symmetric_key().secondary_id();
      to = std::move(key);
      return true;
    }
    case wire::Attestation::kX509: {
      domain::X509Attestation x509;
      x509.primary = bytes_of(from.x509().primary());
      x509.secondary = bytes_of(from.x509().secondary());
      x509.primary_ca_name = from.x509().primary_ca_name();
      x509.secondary_ca_name = from.x509().secondary_ca_name();
      const bool known =
          take_enum(from.x509().kind(), domain::X509Attestation::Kind::ca_references, x509.kind);
      to = std::move(x509);
      return known;
    }
    case wire::Attestation::kTpm: {
      domain::TpmAttestation tpm;
      tpm.endorsement_key = bytes_of(from.tpm().endorsement_key());
      tpm.storage_root_key = bytes_of(from.tpm().storage_root_key());
      tpm.unreadable_endorsement_key = from.tpm().unreadable_endorsement_key();
      to = std::move(tpm);
      return true;
    }
    case wire::Attestation::kTpmGroup: {
      domain::TpmGroupAttestation group;
      if (static_cast<std::size_t>(from.tpm_group().certificates_size()) >
          domain::kMaxTpmGroupCertificates) {
        return false;
      }
      for (const auto& certificate : from.tpm_group().certificates()) {
        group.certificates.push_back(bytes_of(certificate));
      }
      to = std::move(group);
      return true;
    }
    case wire::Attestation::KIND_NOT_SET: return false;
  }
  return false;
}

void wipe_secrets(wire::Attestation& attestation) {
  if (!attestation.has_symmetric_key()) return;
  wipe_text(attestation.mutable_symmetric_key()->mutable_primary());
  wipe_text(attestation.mutable_symmetric_key()->mutable_secondary());
}

void put(const domain::KeyRoll& from, wire::KeyRoll& to) {
  to.set_current(from.current);
  to.set_next(from.next);
  to.set_started(unix_micros(from.started));
}

void take(const wire::KeyRoll& from, domain::KeyRoll& to) {
  to.current = from.current();
  to.next = from.next();
  to.started = from_unix_micros(from.started());
}

void put(const domain::Provisioning& from, wire::Provisioning& to) {
  to.set_status(number_of(from.status));
  if (from.reprovision_policy) {
    auto& policy = *to.mutable_reprovision_policy();
    policy.set_update_hub_assignment(from.reprovision_policy->update_hub_assignment);
    policy.set_migrate_device_data(from.reprovision_policy->migrate_device_data);
  }
  if (from.allocation_policy) to.set_allocation_policy(number_of(*from.allocation_policy));
  for (const auto& hub : from.iot_hubs) to.add_iot_hubs(hub);
  to.set_iot_hub_host_name(from.iot_hub_host_name);
  if (from.custom_allocation) {
    to.mutable_custom_allocation()->set_webhook_url(from.custom_allocation->webhook_url);
    to.mutable_custom_allocation()->set_api_version(from.custom_allocation->api_version);
  }
  put(from.initial_twin, *to.mutable_initial_twin());
  if (from.iot_edge) to.set_iot_edge(*from.iot_edge);
  for (const auto& site : from.sites) to.add_sites(site.str());
  to.set_unknown_members(from.unknown_members);
}

bool take(const wire::Provisioning& from, domain::Provisioning& to) {
  if (!take_enum(from.status(), domain::ProvisioningStatus::disabled, to.status)) return false;
  if (from.has_reprovision_policy()) {
    auto& policy = to.reprovision_policy.emplace();
    policy.update_hub_assignment = from.reprovision_policy().update_hub_assignment();
    policy.migrate_device_data = from.reprovision_policy().migrate_device_data();
  }
  if (from.has_allocation_policy() &&
      !take_enum(from.allocation_policy(), domain::AllocationPolicy::custom,
                 to.allocation_policy.emplace())) {
    return false;
  }
  to.iot_hubs.assign(from.iot_hubs().begin(), from.iot_hubs().end());
  to.iot_hub_host_name = from.iot_hub_host_name();
  if (from.has_custom_allocation()) {
    auto& custom = to.custom_allocation.emplace();
    custom.webhook_url = from.custom_allocation().webhook_url();
    custom.api_version = from.custom_allocation().api_version();
  }
  take(from.initial_twin(), to.initial_twin);
  if (from.has_iot_edge()) to.iot_edge = from.iot_edge();
  for (const auto& site : from.sites()) to.sites.emplace_back(site);
  to.unknown_members = from.unknown_members();
  return true;
}

}  // namespace

Bytes encode(const domain::IndividualEnrollment& record) {
  wire::IndividualEnrollment message;
  message.set_format(kRecordFormat);
  message.set_registration_id(record.registration_id.str());
  if (record.device_id) message.set_device_id(record.device_id->str());
  put(record.attestation, *message.mutable_attestation());
  put(record.provisioning, *message.mutable_provisioning());
  message.set_optional_device_information(record.optional_device_information);
  put(record.stamps, *message.mutable_stamps());
  if (record.key_roll != domain::KeyRoll{}) put(record.key_roll, *message.mutable_key_roll());
  Bytes out = serialise(message);
  wipe_secrets(*message.mutable_attestation());
  return out;
}

template <>
Result<domain::IndividualEnrollment> decode(ByteView body) {
  constexpr const char* kWhat = "an individual enrollment";
  wire::IndividualEnrollment message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::IndividualEnrollment record;
  const bool fits = take_id(message.registration_id(), record.registration_id) &&
                    take(message.attestation(), record.attestation) &&
                    !std::holds_alternative<domain::TpmGroupAttestation>(record.attestation) &&
                    take(message.provisioning(), record.provisioning);
  wipe_secrets(*message.mutable_attestation());
  if (!fits) return unreadable(kWhat);
  if (message.has_device_id()) record.device_id = domain::DeviceId(message.device_id());
  record.optional_device_information = message.optional_device_information();
  take(message.stamps(), record.stamps);
  if (message.has_key_roll()) take(message.key_roll(), record.key_roll);
  return record;
}

Bytes encode(const domain::EnrollmentGroup& record) {
  wire::EnrollmentGroup message;
  message.set_format(kRecordFormat);
  message.set_group_id(record.group_id.str());
  put(record.attestation, *message.mutable_attestation());
  put(record.provisioning, *message.mutable_provisioning());
  message.set_key_custody(number_of(record.key_custody));
  put(record.stamps, *message.mutable_stamps());
  if (record.key_roll != domain::KeyRoll{}) put(record.key_roll, *message.mutable_key_roll());
  Bytes out = serialise(message);
  wipe_secrets(*message.mutable_attestation());
  return out;
}

template <>
Result<domain::EnrollmentGroup> decode(ByteView body) {
  constexpr const char* kWhat = "an enrollment group";
  wire::EnrollmentGroup message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::EnrollmentGroup record;
  const bool fits =
      take_id(message.group_id(), record.group_id) &&
      take(message.attestation(), record.attestation) &&
      take(message.provisioning(), record.provisioning) &&
      take_enum(message.key_custody(), domain::GroupKeyCustody::online_only, record.key_custody);
  wipe_secrets(*message.mutable_attestation());
  if (!fits) return unreadable(kWhat);
  take(message.stamps(), record.stamps);
  if (message.has_key_roll()) take(message.key_roll(), record.key_roll);
  return record;
}

Bytes encode(const domain::AdmittedTpm& record) {
  wire::AdmittedTpm message;
  message.set_format(kRecordFormat);
  message.set_endorsement_key_sha256(text_of(record.endorsement_key_sha256));
  message.set_group_id(record.group_id.str());
  if (record.registration_id) message.set_registration_id(record.registration_id->str());
  put(record.stamps, *message.mutable_stamps());
  return serialise(message);
}

template <>
Result<domain::AdmittedTpm> decode(ByteView body) {
  constexpr const char* kWhat = "an admitted TPM";
  wire::AdmittedTpm message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::AdmittedTpm record;
  record.endorsement_key_sha256 = bytes_of(message.endorsement_key_sha256());
  if (!take_id(message.group_id(), record.group_id) ||
      (message.has_registration_id() &&
       !take_id(message.registration_id(), record.registration_id.emplace()))) {
    return unreadable(kWhat);
  }
  take(message.stamps(), record.stamps);
  return record;
}

Bytes encode(const domain::CaCertificate& record) {
  wire::CaCertificate message;
  message.set_format(kRecordFormat);
  message.set_name(record.name);
  message.set_certificate(text_of(record.certificate));
  message.set_is_verified(record.is_verified);
  message.set_verification_code(record.verification_code);
  put(record.stamps, *message.mutable_stamps());
  return serialise(message);
}

template <>
Result<domain::CaCertificate> decode(ByteView body) {
  wire::CaCertificate message;
  if (auto parsed = parse_body(body, "a CA certificate", message); !parsed) return parsed.error();
  domain::CaCertificate record;
  record.name = message.name();
  record.certificate = bytes_of(message.certificate());
  record.is_verified = message.is_verified();
  record.verification_code = message.verification_code();
  take(message.stamps(), record.stamps);
  return record;
}

Bytes encode(const domain::LinkedHub& record) {
  wire::LinkedHub message;
  message.set_format(kRecordFormat);
  message.set_hub_id(record.hub_id.str());
  message.set_kind(number_of(record.kind));
  message.set_host_name(record.host_name);
  message.set_registry_url(record.registry_url);
  message.set_location(record.location);
  message.set_allocation_weight(record.allocation_weight);
  message.set_apply_allocation_policy(record.apply_allocation_policy);
  message.set_probe_host(record.probe_host);
  message.set_probe_port(record.probe_port);
  message.set_apply(number_of(record.apply));
  message.set_trusted_ca(text_of(record.trusted_ca));
  message.set_requests_per_minute(record.requests_per_minute);
  put(record.stamps, *message.mutable_stamps());
  return serialise(message);
}

template <>
Result<domain::LinkedHub> decode(ByteView body) {
  constexpr const char* kWhat = "a linked hub";
  wire::LinkedHub message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::LinkedHub record;
  if (!take_enum(message.kind(), domain::HubKind::mosquitto, record.kind) ||
      !take_enum(message.apply(), domain::HubApply::coordinator, record.apply) ||
      message.probe_port() > std::numeric_limits<std::uint16_t>::max()) {
    return unreadable(kWhat);
  }
  take_id(message.hub_id(), record.hub_id);
  record.host_name = message.host_name();
  record.registry_url = message.registry_url();
  record.location = message.location();
  record.allocation_weight = message.allocation_weight();
  record.apply_allocation_policy = message.apply_allocation_policy();
  record.probe_host = message.probe_host();
  record.probe_port = static_cast<std::uint16_t>(message.probe_port());
  record.trusted_ca = bytes_of(message.trusted_ca());
  record.requests_per_minute = message.requests_per_minute();
  take(message.stamps(), record.stamps);
  return record;
}

Bytes encode(const domain::HubCredential& record) {
  wire::HubCredential message;
  message.set_format(kRecordFormat);
  message.set_hub_id(record.hub_id.str());
  message.set_policy_name(record.policy_name);
  message.set_policy_key(text_of(record.policy_key));
  message.set_gateway_secret(text_of(record.gateway_secret));
  Bytes out = serialise(message);
  wipe_text(message.mutable_policy_key());
  wipe_text(message.mutable_gateway_secret());
  return out;
}

template <>
Result<domain::HubCredential> decode(ByteView body) {
  wire::HubCredential message;
  if (auto parsed = parse_body(body, "a hub credential", message); !parsed) return parsed.error();
  domain::HubCredential record;
  take_id(message.hub_id(), record.hub_id);
  record.policy_name = message.policy_name();
  record.policy_key = secret_of(message.policy_key());
  record.gateway_secret = secret_of(message.gateway_secret());
  wipe_text(message.mutable_policy_key());
  wipe_text(message.mutable_gateway_secret());
  return record;
}

Bytes encode(const domain::HubToken& record) {
  wire::HubToken message;
  message.set_format(kRecordFormat);
  put(record, message);
  Bytes out = serialise(message);
  wipe_text(message.mutable_authorization());
  return out;
}

template <>
Result<domain::HubToken> decode(ByteView body) {
  wire::HubToken message;
  if (auto parsed = parse_body(body, "a hub token", message); !parsed) return parsed.error();
  domain::HubToken record;
  take(message, record);
  wipe_text(message.mutable_authorization());
  return record;
}

Bytes encode(const domain::Registration& record) {
  wire::Registration message;
  message.set_format(kRecordFormat);
  put(record, message);
  return serialise(message);
}

template <>
Result<domain::Registration> decode(ByteView body) {
  constexpr const char* kWhat = "a registration";
  wire::Registration message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::Registration record;
  if (!take(message, record)) return unreadable(kWhat);
  return record;
}

Bytes encode(const domain::TenantSettings& record) {
  wire::TenantSettings message;
  message.set_format(kRecordFormat);
  message.set_id_scope(record.id_scope.str());
  message.set_name(record.name);
  for (const auto& host : record.host_names) message.add_host_names(host);
  message.set_allocation_policy(number_of(record.allocation_policy));
  put(record.stamps, *message.mutable_stamps());
  return serialise(message);
}

template <>
Result<domain::TenantSettings> decode(ByteView body) {
  constexpr const char* kWhat = "tenant settings";
  wire::TenantSettings message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::TenantSettings record;
  if (!take_enum(message.allocation_policy(), domain::AllocationPolicy::custom,
                 record.allocation_policy)) {
    return unreadable(kWhat);
  }
  take_id(message.id_scope(), record.id_scope);
  record.name = message.name();
  record.host_names.assign(message.host_names().begin(), message.host_names().end());
  take(message.stamps(), record.stamps);
  return record;
}

Bytes encode(const domain::AccessPolicy& record) {
  wire::AccessPolicy message;
  message.set_format(kRecordFormat);
  message.set_key_name(record.key_name);
  message.set_primary_key(text_of(record.primary_key));
  message.set_secondary_key(text_of(record.secondary_key));
  message.set_rights(record.rights);
  put(record.stamps, *message.mutable_stamps());
  Bytes out = serialise(message);
  wipe_text(message.mutable_primary_key());
  wipe_text(message.mutable_secondary_key());
  return out;
}

template <>
Result<domain::AccessPolicy> decode(ByteView body) {
  constexpr const char* kWhat = "an access policy";
  wire::AccessPolicy message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::AccessPolicy record;
  record.key_name = message.key_name();
  record.primary_key = secret_of(message.primary_key());
  record.secondary_key = secret_of(message.secondary_key());
  wipe_text(message.mutable_primary_key());
  wipe_text(message.mutable_secondary_key());
  if (message.rights() > domain::kAllAccessRights) return unreadable(kWhat);
  record.rights = static_cast<domain::AccessRights>(message.rights());
  take(message.stamps(), record.stamps);
  return record;
}

Bytes encode(const domain::Gateway& record) {
  wire::Gateway message;
  message.set_format(kRecordFormat);
  message.set_gateway_id(record.gateway_id.str());
  message.set_name(record.name);
  message.set_site(record.site.str());
  for (const auto& tenant : record.tenants) message.add_tenants(tenant.str());
  message.set_status(number_of(record.status));
  message.set_public_key(text_of(record.public_key));
  message.set_join_token_hash(text_of(record.join_token_hash));
  message.set_join_token_expiry(unix_micros(record.join_token_expiry));
  message.set_join_token_reused(record.join_token_reused);
  message.set_certificate_expiry(unix_micros(record.certificate_expiry));
  message.set_last_contact(unix_micros(record.last_contact));
  put(record.stamps, *message.mutable_stamps());
  message.set_scope_version(record.scope_version);
  message.set_join_token_used(record.join_token_used);
  return serialise(message);
}

template <>
Result<domain::Gateway> decode(ByteView body) {
  constexpr const char* kWhat = "a gateway";
  wire::Gateway message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::Gateway record;
  if (!take_enum(message.status(), domain::GatewayStatus::removed, record.status)) {
    return unreadable(kWhat);
  }
  take_id(message.gateway_id(), record.gateway_id);
  record.name = message.name();
  take_id(message.site(), record.site);
  for (const auto& tenant : message.tenants()) record.tenants.emplace_back(tenant);
  record.public_key = bytes_of(message.public_key());
  record.join_token_hash = bytes_of(message.join_token_hash());
  record.join_token_expiry = from_unix_micros(message.join_token_expiry());
  record.join_token_reused = message.join_token_reused();
  record.join_token_used = message.join_token_used();
  record.certificate_expiry = from_unix_micros(message.certificate_expiry());
  record.last_contact = from_unix_micros(message.last_contact());
  take(message.stamps(), record.stamps);
  record.scope_version = message.scope_version();
  return record;
}

Bytes encode(const domain::Site& record) {
  wire::Site message;
  message.set_format(kRecordFormat);
  message.set_site_id(record.site_id.str());
  put(record.stamps, *message.mutable_stamps());
  return serialise(message);
}

template <>
Result<domain::Site> decode(ByteView body) {
  wire::Site message;
  if (auto parsed = parse_body(body, "a site", message); !parsed) return parsed.error();
  domain::Site record;
  take_id(message.site_id(), record.site_id);
  take(message.stamps(), record.stamps);
  return record;
}

Bytes encode(const domain::Permit& record) {
  wire::Permit message;
  message.set_format(kRecordFormat);
  message.set_gateway_id(record.gateway_id.str());
  message.set_id_scope(record.id_scope.str());
  message.set_serial(record.serial);
  message.set_issued(unix_micros(record.issued));
  message.set_expiry(unix_micros(record.expiry));
  message.set_returning_after_expiry(number_of(record.returning_after_expiry));
  message.set_new_device_quota(record.new_device_quota);
  message.set_scope_version(record.scope_version);
  return serialise(message);
}

template <>
Result<domain::Permit> decode(ByteView body) {
  constexpr const char* kWhat = "a permit";
  wire::Permit message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::Permit record;
  if (!take_enum(message.returning_after_expiry(), domain::ReturningDeviceRule::refuse,
                 record.returning_after_expiry)) {
    return unreadable(kWhat);
  }
  take_id(message.gateway_id(), record.gateway_id);
  take_id(message.id_scope(), record.id_scope);
  record.serial = message.serial();
  record.issued = from_unix_micros(message.issued());
  record.expiry = from_unix_micros(message.expiry());
  record.new_device_quota = message.new_device_quota();
  record.scope_version = message.scope_version();
  return record;
}

Bytes encode(const domain::SignedPermit& record) {
  wire::SignedPermit message;
  message.set_format(kRecordFormat);
  message.set_body(text_of(record.body));
  message.set_signature(text_of(record.signature));
  return serialise(message);
}

template <>
Result<domain::SignedPermit> decode(ByteView body) {
  wire::SignedPermit message;
  if (auto parsed = parse_body(body, "a signed permit", message); !parsed) return parsed.error();
  domain::SignedPermit record;
  record.body = bytes_of(message.body());
  record.signature = bytes_of(message.signature());
  return record;
}

Bytes encode(const domain::RefusalStub& record) {
  wire::RefusalStub message;
  message.set_format(kRecordFormat);
  message.set_registration_id(record.registration_id.str());
  message.set_certificate_sha256(text_of(record.certificate_sha256));
  message.set_secondary_certificate_sha256(text_of(record.secondary_certificate_sha256));
  message.set_endorsement_key_sha256(text_of(record.endorsement_key_sha256));
  message.set_is_enabled(record.is_enabled);
  return serialise(message);
}

template <>
Result<domain::RefusalStub> decode(ByteView body) {
  constexpr const char* kWhat = "a refusal stub";
  wire::RefusalStub message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::RefusalStub record;
  if (!take_id(message.registration_id(), record.registration_id)) return unreadable(kWhat);
  record.certificate_sha256 = bytes_of(message.certificate_sha256());
  record.secondary_certificate_sha256 = bytes_of(message.secondary_certificate_sha256());
  record.endorsement_key_sha256 = bytes_of(message.endorsement_key_sha256());
  record.is_enabled = message.is_enabled();
  return record;
}

Bytes encode(const domain::RegistrationTombstone& record) {
  wire::RegistrationTombstone message;
  message.set_format(kRecordFormat);
  message.set_registration_id(record.registration_id.str());
  message.set_deleted(unix_micros(record.deleted));
  return serialise(message);
}

template <>
Result<domain::RegistrationTombstone> decode(ByteView body) {
  constexpr const char* kWhat = "a registration tombstone";
  wire::RegistrationTombstone message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::RegistrationTombstone record;
  if (!take_id(message.registration_id(), record.registration_id)) return unreadable(kWhat);
  record.deleted = from_unix_micros(message.deleted());
  return record;
}

Bytes encode(const domain::RegistrationInterest& record) {
  wire::RegistrationInterest message;
  message.set_format(kRecordFormat);
  message.set_registration_id(record.registration_id.str());
  message.set_since(unix_micros(record.since));
  return serialise(message);
}

template <>
Result<domain::RegistrationInterest> decode(ByteView body) {
  constexpr const char* kWhat = "a registration interest";
  wire::RegistrationInterest message;
  if (auto parsed = parse_body(body, kWhat, message); !parsed) return parsed.error();
  domain::RegistrationInterest record;
  if (!take_id(message.registration_id(), record.registration_id)) return unreadable(kWhat);
  record.since = from_unix_micros(message.since());
  return record;
}

}  // namespace berth::sync
