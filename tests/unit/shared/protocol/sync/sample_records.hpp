// One record of each kind with every field set to something that no default is, so that a forgotten
// field shows.
#pragma once

#include <string>

#include "shared/protocol/sync/record_codec.hpp"

namespace berth::testing {

inline WallTime at(std::int64_t second) {
  return from_unix_micros(second * 1000000 + 7);
}
inline domain::Stamps stamps() {
  return {at(1700000000), at(1700000001)};
}
inline SecretBytes secret(std::string_view text) {
  return SecretBytes::copy_of(as_bytes(text));
}
inline domain::RegistrationId registration_id(std::string_view text = "Press-17") {
  return domain::RegistrationId::parse(text).value();
}
inline domain::FailedAttempt failed_attempt() {
  return {at(1700000050), 401002, "Unauthorized", "leaf expired 2025-01-03"};
}

inline domain::Provisioning provisioning() {
  domain::Provisioning p;
  p.status = domain::ProvisioningStatus::disabled;
  p.reprovision_policy = domain::ReprovisionPolicy{false, true};
  p.allocation_policy = domain::AllocationPolicy::custom;
  p.iot_hubs = {"hub-a.example", "hub-b.example"};
  p.iot_hub_host_name = "hub-c.example";
  p.custom_allocation = domain::CustomAllocation{"https://hook.example/", "2021-10-01"};
  p.initial_twin = {R"({"line":"7"})", R"({"interval":30})"};
  p.iot_edge = true;
  p.sites = {domain::SiteId("ulm"), domain::SiteId("graz")};
  p.unknown_members = R"({"new":1})";
  return p;
}

inline domain::IndividualEnrollment individual_enrollment() {
  domain::IndividualEnrollment e;
  e.registration_id = registration_id();
  e.device_id = domain::DeviceId("Device 17");
  e.attestation =
      domain::SymmetricKeyAttestation{secret("primary-key-0123"), secret("secondary-key-01")};
  e.provisioning = provisioning();
  e.optional_device_information = R"({"note":"x"})";
  e.stamps = stamps();
  return e;
}

inline domain::EnrollmentGroup enrollment_group() {
  domain::EnrollmentGroup g;
  g.group_id = domain::EnrollmentGroupId::parse("Presses").value();
  g.attestation = domain::X509Attestation{domain::X509Attestation::Kind::ca_references, Bytes{1, 2},
                                          Bytes{3, 0}, "ca-1", "ca-2"};
  g.provisioning = provisioning();
  g.key_custody = domain::GroupKeyCustody::online_only;
  g.stamps = stamps();
  return g;
}

inline domain::AdmittedTpm admitted_tpm() {
  domain::AdmittedTpm t;
  t.endorsement_key_sha256 = Bytes(32, 0xE1);
  t.group_id = domain::EnrollmentGroupId::parse("Fleet-TPM").value();
  t.registration_id = domain::RegistrationId::parse("Press-7").value();
  t.stamps = stamps();
  return t;
}

inline domain::CaCertificate ca_certificate() {
  domain::CaCertificate c;
  c.name = "Root 2026";
  c.certificate = {0x30, 1, 0};
  c.is_verified = true;
  c.verification_code = "A1B2";
  c.stamps = stamps();
  return c;
}

inline domain::LinkedHub linked_hub() {
  domain::LinkedHub h;
  h.hub_id = domain::HubId("00112233445566778899aabbccddeeff");
  h.kind = domain::HubKind::mosquitto;
  h.host_name = "hub-a.example";
  h.registry_url = "https://hub-a.example:8443";
  h.location = "Ulm";
  h.allocation_weight = 1000;
  h.apply_allocation_policy = false;
  h.probe_host = "10.0.0.1";
  h.probe_port = 65535;
  h.apply = domain::HubApply::coordinator;
  h.trusted_ca = {0x30, 0};
  h.requests_per_minute = 90;
  h.stamps = stamps();
  return h;
}

inline domain::Registration registration() {
  domain::Registration r;
  r.registration_id = registration_id();
  r.status = domain::RegistrationStatus::assigned;
  r.substatus = domain::RegistrationSubstatus::reprovisioned_to_initial_assignment;
  r.hub_id = domain::HubId("hub-1");
  r.assigned_hub = "hub-a.example";
  r.device_id = domain::DeviceId("Device-17");
  r.enrollment = {true, "Presses", 12};
  r.attestation = domain::AttestationType::tpm;
  r.gateway_id = domain::GatewayId("gw-1");
  r.arrival = at(1700000010);
  r.created = at(1700000011);
  r.updated = at(1700000012);
  r.payload = R"({"hello":1})";
  r.hub_etag = "AAAA==";
  r.last_attempt = failed_attempt();
  r.superseded =
      domain::SupersededAssignment{domain::GatewayId("gw-2"), domain::HubId("hub-2"),
                                   "hub-b.example", domain::DeviceId("d-2"), at(1700000009)};
  r.arrival_clamped = true;
  return r;
}

inline domain::Gateway gateway() {
  domain::Gateway g;
  g.gateway_id = domain::GatewayId("gw-1");
  g.name = "Halle 3";
  g.site = domain::SiteId("ulm");
  g.tenants = {domain::IdScope("0ne00000001"), domain::IdScope("0ne00000002")};
  g.status = domain::GatewayStatus::removed;
  g.public_key = {0x30, 1};
  g.join_token_hash = Bytes(32, 9);
  g.join_token_expiry = at(1700003600);
  g.join_token_reused = true;
  g.join_token_used = true;
  g.certificate_expiry = at(1707776000);
  g.last_contact = at(1700000100);
  g.stamps = stamps();
  g.scope_version = 4;
  return g;
}

inline domain::Permit permit() {
  domain::Permit p;
  p.gateway_id = domain::GatewayId("gw-1");
  p.id_scope = domain::IdScope("0ne00000001");
  p.serial = 42;
  p.issued = at(1700000000);
  p.expiry = at(1700604800);
  p.returning_after_expiry = domain::ReturningDeviceRule::refuse;
  p.new_device_quota = 5000;
  p.scope_version = 4;
  return p;
}

inline domain::Intent intent() {
  domain::Intent i;
  i.registration_id = registration_id();
  i.arrival = at(1700000010);
  i.arrival_moment = {"boot-1", std::chrono::microseconds{123456}};
  i.enrollment = {false, "Press-17", 3};
  i.permit_serial = 42;
  i.is_new_device = true;
  i.attestation = domain::AttestationType::x509;
  i.hub_id = domain::HubId("hub-1");
  i.host_name = "hub-a.example";
  i.device_id = domain::DeviceId("Device-17");
  i.credential = domain::SymmetricKeyCredential{secret("k1"), secret("k2")};
  i.twin = {R"({"line":"7"})", R"({"interval":30})"};
  i.replace_twin = true;
  i.iot_edge = false;
  i.substatus = domain::RegistrationSubstatus::device_data_migrated;
  i.previous = domain::PreviousAssignment{domain::HubId("hub-0"), "hub-0.example",
                                          domain::DeviceId("d-0"), "BBBB"};
  i.migrate_twin = true;
  i.payload = R"({"p":1})";
  i.attempts = {{domain::HubId("hub-2"), "hub-b.example", at(1700000011), Errc::hub_full, "full"},
                {domain::HubId("hub-1"), "hub-a.example", at(1700000012), std::nullopt, ""}};
  i.api = {domain::DeviceProtocol::coap, "2021-06-01", "4.abc", R"({"model":"p"})", "2f6b8e0c"};
  return i;
}

inline domain::OutboxEntry outbox_entry() {
  domain::OutboxEntry e;
  e.sequence = (7ULL << 32U) + 9;
  e.id_scope = domain::IdScope("0ne00000001");
  e.kind = domain::OutboxEntry::Kind::failed_attempt;
  e.registration = registration();
  e.arrival_moment = {"boot-1", std::chrono::microseconds{123456}};
  e.permit_serial = 42;
  e.tracking_id = "2f6b8e0c";
  e.protocol = domain::DeviceProtocol::amqp_ws;
  return e;
}

inline domain::CleanupTask cleanup_task() {
  return {domain::HubId("hub-0"), domain::DeviceId("d-0"),           registration_id(), "BBBB",
          at(1700090000),         domain::CleanupTask::Phase::remove};
}

inline domain::Cursor cursor() {
  domain::Cursor c;
  c.incarnation = "0123456789abcdef";
  c.scope_version = 4;
  c.sequence = 99;
  c.digest = Bytes(32, 0xd1);
  c.digest_key = secret("digest key of 32 bytes, or so it");
  c.snapshot_in_progress = 3;
  return c;
}

}  // namespace berth::testing
