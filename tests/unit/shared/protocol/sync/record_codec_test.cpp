#include "shared/protocol/sync/record_codec.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "tests/unit/shared/protocol/sync/sample_records.hpp"

using namespace berth;
using namespace berth::testing;

namespace {

// What was decoded writes the same bytes; what the bytes say is checked field by field once per
// type below, so that a field which neither side knows is noticed.
template <class T>
T round_trip(const T& record) {
  const Bytes body = sync::encode(record);
  auto decoded = sync::decode<T>(body);
  CHECK_TRUE(decoded.has_value());
  CHECK_TRUE(sync::encode(*decoded) == body);
  return std::move(decoded).value();
}

template <class T>
void refuses_damage(const T& record) {
  const Bytes body = sync::encode(record);
  Bytes unknown = body;
  unknown[1] = 2;  // field 1, varint: the format version
  auto newer = sync::decode<T>(unknown);
  CHECK_FALSE(newer.has_value());
  CHECK_TRUE(newer.error().code == Errc::unsupported);

  CHECK_FALSE(sync::decode<T>(ByteView{}).has_value());
  Bytes cut = body;
  cut.pop_back();
  auto short_body = sync::decode<T>(cut);
  CHECK_FALSE(short_body.has_value());
  CHECK_TRUE(short_body.error().code == Errc::corrupt);
  Bytes wild = body;
  append(wild, Bytes{0xff, 0xff, 0xff, 0xff});
  auto tail = sync::decode<T>(wild);
  CHECK_FALSE(tail.has_value());
  CHECK_TRUE(tail.error().code == Errc::corrupt);
}

void check_same(const domain::Provisioning& a, const domain::Provisioning& b) {
  CHECK_TRUE(a.status == b.status);
  CHECK_TRUE(a.reprovision_policy == b.reprovision_policy);
  CHECK_TRUE(a.allocation_policy == b.allocation_policy);
  CHECK_TRUE(a.iot_hubs == b.iot_hubs);
  CHECK_TRUE(a.iot_hub_host_name == b.iot_hub_host_name);
  CHECK_TRUE(a.custom_allocation == b.custom_allocation);
  CHECK_TRUE(a.initial_twin == b.initial_twin);
  CHECK_TRUE(a.iot_edge == b.iot_edge);
  CHECK_TRUE(a.sites == b.sites);
  CHECK_TRUE(a.unknown_members == b.unknown_members);
}

void check_same(const domain::Stamps& a, const domain::Stamps& b) {
  CHECK_TRUE(a.created == b.created);
  CHECK_TRUE(a.updated == b.updated);
}

void check_same(const domain::FailedAttempt& a, const domain::FailedAttempt& b) {
  CHECK_TRUE(a.at == b.at);
  LONGS_EQUAL(a.error_code, b.error_code);
  CHECK_TRUE(a.message == b.message);
  CHECK_TRUE(a.reason == b.reason);
}

void check_same(const domain::Registration& a, const domain::Registration& b) {
  CHECK_TRUE(a.registration_id.str() == b.registration_id.str());
  CHECK_TRUE(a.status == b.status);
  CHECK_TRUE(a.substatus == b.substatus);
  CHECK_TRUE(a.hub_id == b.hub_id);
  CHECK_TRUE(a.assigned_hub == b.assigned_hub);
  CHECK_TRUE(a.device_id == b.device_id);
  CHECK_TRUE(a.enrollment == b.enrollment);
  CHECK_TRUE(a.attestation == b.attestation);
  CHECK_TRUE(a.gateway_id == b.gateway_id);
  CHECK_TRUE(a.arrival == b.arrival);
  CHECK_TRUE(a.created == b.created);
  CHECK_TRUE(a.updated == b.updated);
  CHECK_TRUE(a.payload == b.payload);
  CHECK_TRUE(a.hub_etag == b.hub_etag);
  check_same(*a.last_attempt, *b.last_attempt);
  CHECK_TRUE(a.superseded->gateway_id == b.superseded->gateway_id);
  CHECK_TRUE(a.superseded->hub_id == b.superseded->hub_id);
  CHECK_TRUE(a.superseded->assigned_hub == b.superseded->assigned_hub);
  CHECK_TRUE(a.superseded->device_id == b.superseded->device_id);
  CHECK_TRUE(a.superseded->arrival == b.superseded->arrival);
  CHECK_TRUE(a.arrival_clamped == b.arrival_clamped);
}

}  // namespace

TEST_GROUP(RecordCodec){};

TEST(RecordCodec, KeepsEveryFieldOfAnIndividualEnrollment) {
  const auto before = individual_enrollment();
  const auto after = round_trip(before);
  STRCMP_EQUAL("Press-17", after.registration_id.str().c_str());
  CHECK_TRUE(before.device_id == after.device_id);
  const auto& key = std::get<domain::SymmetricKeyAttestation>(after.attestation);
  CHECK_TRUE(key.primary == secret("primary-key-0123"));
  CHECK_TRUE(key.secondary == secret("secondary-key-01"));
  check_same(before.provisioning, after.provisioning);
  CHECK_TRUE(before.optional_device_information == after.optional_device_information);
  check_same(before.stamps, after.stamps);
}

TEST(RecordCodec, KeepsAbsentApartFromEmptyAndFalse) {
  domain::IndividualEnrollment bare;
  bare.registration_id = registration_id();
  const auto after = round_trip(bare);
  CHECK_FALSE(after.device_id.has_value());
  CHECK_FALSE(after.provisioning.reprovision_policy.has_value());
  CHECK_FALSE(after.provisioning.allocation_policy.has_value());
  CHECK_FALSE(after.provisioning.custom_allocation.has_value());
  CHECK_FALSE(after.provisioning.iot_edge.has_value());

  bare.provisioning.iot_edge = false;
  bare.provisioning.allocation_policy = domain::AllocationPolicy::hashed;
  bare.provisioning.reprovision_policy = domain::ReprovisionPolicy{false, false};
  const auto zeros = round_trip(bare);
  CHECK_TRUE(zeros.provisioning.iot_edge == false);
  CHECK_TRUE(zeros.provisioning.allocation_policy == domain::AllocationPolicy::hashed);
  CHECK_FALSE(zeros.provisioning.reprovision_policy->migrate_device_data);
}

TEST(RecordCodec, KeepsEveryKindOfAttestation) {
  auto record = individual_enrollment();
  record.attestation = domain::TpmAttestation{Bytes{1, 0, 2}, Bytes{3}, "a"};
  const auto tpm = round_trip(record);
  CHECK_TRUE(std::get<domain::TpmAttestation>(tpm.attestation).endorsement_key == (Bytes{1, 0, 2}));
  CHECK_TRUE(std::get<domain::TpmAttestation>(tpm.attestation).storage_root_key == Bytes{3});
  STRCMP_EQUAL(
      "a", std::get<domain::TpmAttestation>(tpm.attestation).unreadable_endorsement_key.c_str());

  const auto group = round_trip(enrollment_group());
  const auto& x509 = std::get<domain::X509Attestation>(group.attestation);
  CHECK_TRUE(x509.kind == domain::X509Attestation::Kind::ca_references);
  CHECK_TRUE(x509.primary == (Bytes{1, 2}));
  CHECK_TRUE(x509.secondary == (Bytes{3, 0}));
  STRCMP_EQUAL("ca-1", x509.primary_ca_name.c_str());
  STRCMP_EQUAL("ca-2", x509.secondary_ca_name.c_str());
}

TEST(RecordCodec, KeepsEveryFieldOfAGroup) {
  const auto before = enrollment_group();
  const auto after = round_trip(before);
  STRCMP_EQUAL("Presses", after.group_id.str().c_str());
  CHECK_TRUE(after.key_custody == domain::GroupKeyCustody::online_only);
  check_same(before.provisioning, after.provisioning);
  check_same(before.stamps, after.stamps);
}

TEST(RecordCodec, KeepsEveryFieldOfAnAdmittedTpm) {
  auto before = admitted_tpm();
  auto after = round_trip(before);
  CHECK_TRUE(after.endorsement_key_sha256 == Bytes(32, 0xE1));
  STRCMP_EQUAL("Fleet-TPM", after.group_id.str().c_str());
  STRCMP_EQUAL("Press-7", after.registration_id->str().c_str());
  check_same(before.stamps, after.stamps);
  before.registration_id.reset();
  after = round_trip(before);
  CHECK_FALSE(after.registration_id.has_value());
}

TEST(RecordCodec, KeepsTheCertificatesOfAGroupOfTpmsUpToTheLimit) {
  domain::EnrollmentGroup group;
  group.group_id = domain::EnrollmentGroupId::parse("fleet").value();
  domain::TpmGroupAttestation tpms;
  for (std::size_t i = 0; i < domain::kMaxTpmGroupCertificates; ++i) {
    tpms.certificates.push_back(Bytes(3, static_cast<std::uint8_t>(i)));
  }
  group.attestation = tpms;
  const auto after = round_trip(group);
  CHECK_TRUE(std::get<domain::TpmGroupAttestation>(after.attestation).certificates ==
             tpms.certificates);
  tpms.certificates.push_back(Bytes{9});
  group.attestation = tpms;
  CHECK_FALSE(sync::decode<domain::EnrollmentGroup>(sync::encode(group)).has_value());
}

TEST(RecordCodec, AnIndividualIsNoGroupOfTpms) {
  domain::IndividualEnrollment record;
  record.registration_id = registration_id();
  record.attestation = domain::TpmGroupAttestation{};
  CHECK_FALSE(sync::decode<domain::IndividualEnrollment>(sync::encode(record)).has_value());
}

TEST(RecordCodec, KeepsEveryFieldOfACaCertificate) {
  const auto before = ca_certificate();
  const auto after = round_trip(before);
  STRCMP_EQUAL("Root 2026", after.name.c_str());
  CHECK_TRUE(before.certificate == after.certificate);
  CHECK_TRUE(after.is_verified);
  STRCMP_EQUAL("A1B2", after.verification_code.c_str());
  check_same(before.stamps, after.stamps);
}

TEST(RecordCodec, KeepsEveryFieldOfALinkedHub) {
  const auto before = linked_hub();
  const auto after = round_trip(before);
  CHECK_TRUE(before.hub_id == after.hub_id);
  CHECK_TRUE(before.kind == after.kind);
  CHECK_TRUE(before.host_name == after.host_name);
  CHECK_TRUE(before.registry_url == after.registry_url);
  CHECK_TRUE(before.location == after.location);
  LONGS_EQUAL(1000, after.allocation_weight);
  CHECK_FALSE(after.apply_allocation_policy);
  CHECK_TRUE(before.probe_host == after.probe_host);
  LONGS_EQUAL(65535, after.probe_port);
  CHECK_TRUE(before.apply == after.apply);
  CHECK_TRUE(before.trusted_ca == after.trusted_ca);
  LONGS_EQUAL(90, after.requests_per_minute);
  check_same(before.stamps, after.stamps);
}

TEST(RecordCodec, KeepsHubCredentialsAndTokens) {
  const auto credential = round_trip(domain::HubCredential{
      domain::HubId("h"), "iothubowner", secret("policy key"), secret("gateways' secret")});
  CHECK_TRUE(credential.hub_id == domain::HubId("h"));
  STRCMP_EQUAL("iothubowner", credential.policy_name.c_str());
  CHECK_TRUE(credential.policy_key == secret("policy key"));
  CHECK_TRUE(credential.gateway_secret == secret("gateways' secret"));

  const auto token =
      round_trip(domain::HubToken{domain::HubId("h"), secret("SharedAccessSignature sr=…"),
                                  at(1700604800), "berth-gateway-1", 33});
  CHECK_TRUE(token.hub_id == domain::HubId("h"));
  CHECK_TRUE(token.authorization == secret("SharedAccessSignature sr=…"));
  CHECK_TRUE(token.expiry == at(1700604800));
  STRCMP_EQUAL("berth-gateway-1", token.user_name.c_str());
  LONGS_EQUAL(33, token.requests_per_minute);
}

TEST(RecordCodec, KeepsTheNamesOfKeysAndWhereTheirRollStands) {
  auto individual = individual_enrollment();
  individual.attestation =
      domain::SymmetricKeyAttestation{secret("k1"), secret("k2"), "p1-17", "s2-17"};
  individual.key_roll = {"p1-17", "s2-17", at(1700000008)};
  const auto after = round_trip(individual);
  const auto& keys = std::get<domain::SymmetricKeyAttestation>(after.attestation);
  STRCMP_EQUAL("p1-17", keys.primary_id.c_str());
  STRCMP_EQUAL("s2-17", keys.secondary_id.c_str());
  CHECK_TRUE(after.key_roll == individual.key_roll);

  auto group = enrollment_group();
  group.key_roll = {"AB", "", {}};
  CHECK_TRUE(round_trip(group).key_roll == group.key_roll);

  auto registered = registration();
  registered.credential_id = "s2-17";
  STRCMP_EQUAL("s2-17", round_trip(registered).credential_id.c_str());
}

TEST(RecordCodec, KeepsEveryFieldOfARegistration) {
  check_same(registration(), round_trip(registration()));
}

TEST(RecordCodec, KeepsTenantSettingsAndAccessPolicies) {
  domain::TenantSettings settings;
  settings.id_scope = domain::IdScope("0ne00000001");
  settings.name = "Werk Süd";
  settings.host_names = {"dps.example", "10.0.0.2"};
  settings.allocation_policy = domain::AllocationPolicy::geo_latency;
  settings.stamps = stamps();
  const auto after = round_trip(settings);
  CHECK_TRUE(after.id_scope == settings.id_scope);
  CHECK_TRUE(after.name == settings.name);
  CHECK_TRUE(after.host_names == settings.host_names);
  CHECK_TRUE(after.allocation_policy == settings.allocation_policy);
  check_same(after.stamps, settings.stamps);

  const auto policy = round_trip(
      domain::AccessPolicy{"owner", secret("a"), secret("b"), domain::kAllAccessRights, stamps()});
  STRCMP_EQUAL("owner", policy.key_name.c_str());
  CHECK_TRUE(policy.primary_key == secret("a"));
  CHECK_TRUE(policy.secondary_key == secret("b"));
  LONGS_EQUAL(domain::kAllAccessRights, policy.rights);
  check_same(policy.stamps, stamps());
}

TEST(RecordCodec, KeepsEveryFieldOfAGatewayAndItsSite) {
  const auto before = gateway();
  const auto after = round_trip(before);
  CHECK_TRUE(before.gateway_id == after.gateway_id);
  CHECK_TRUE(before.name == after.name);
  CHECK_TRUE(before.site == after.site);
  CHECK_TRUE(before.tenants == after.tenants);
  CHECK_TRUE(before.status == after.status);
  CHECK_TRUE(before.public_key == after.public_key);
  CHECK_TRUE(before.join_token_hash == after.join_token_hash);
  CHECK_TRUE(before.join_token_expiry == after.join_token_expiry);
  CHECK_TRUE(after.join_token_reused);
  CHECK_TRUE(after.join_token_used);
  CHECK_TRUE(before.certificate_expiry == after.certificate_expiry);
  CHECK_TRUE(before.last_contact == after.last_contact);
  check_same(before.stamps, after.stamps);
  UNSIGNED_LONGLONGS_EQUAL(4, after.scope_version);

  const auto site = round_trip(domain::Site{domain::SiteId("ulm"), stamps()});
  CHECK_TRUE(site.site_id == domain::SiteId("ulm"));
  check_same(site.stamps, stamps());
}

TEST(RecordCodec, KeepsEveryFieldOfAPermit) {
  const auto before = permit();
  const auto after = round_trip(before);
  CHECK_TRUE(before.gateway_id == after.gateway_id);
  CHECK_TRUE(before.id_scope == after.id_scope);
  UNSIGNED_LONGLONGS_EQUAL(42, after.serial);
  CHECK_TRUE(before.issued == after.issued);
  CHECK_TRUE(before.expiry == after.expiry);
  CHECK_TRUE(before.returning_after_expiry == after.returning_after_expiry);
  UNSIGNED_LONGLONGS_EQUAL(5000, after.new_device_quota);
  UNSIGNED_LONGLONGS_EQUAL(4, after.scope_version);

  const auto signed_permit = round_trip(domain::SignedPermit{sync::encode(before), Bytes{0x30, 9}});
  CHECK_TRUE(signed_permit.body == sync::encode(before));
  CHECK_TRUE(signed_permit.signature == (Bytes{0x30, 9}));
}

TEST(RecordCodec, KeepsStubsAndTombstones) {
  const auto stub = round_trip(
      domain::RefusalStub{registration_id(), Bytes(32, 1), Bytes(32, 2), Bytes(32, 3), true});
  CHECK_TRUE(stub.registration_id == registration_id());
  CHECK_TRUE(stub.certificate_sha256 == Bytes(32, 1));
  CHECK_TRUE(stub.secondary_certificate_sha256 == Bytes(32, 2));
  CHECK_TRUE(stub.endorsement_key_sha256 == Bytes(32, 3));
  CHECK_TRUE(stub.is_enabled);

  const auto tombstone = round_trip(domain::RegistrationTombstone{registration_id(), at(17)});
  CHECK_TRUE(tombstone.registration_id == registration_id());
  CHECK_TRUE(tombstone.deleted == at(17));
}

TEST(RecordCodec, KeepsInterests) {
  const auto interest = round_trip(domain::RegistrationInterest{registration_id(), at(17)});
  CHECK_TRUE(interest.registration_id == registration_id());
  CHECK_TRUE(interest.since == at(17));
}

TEST(RecordCodec, RefusesDamagedBodiesOfEveryKind) {
  refuses_damage(individual_enrollment());
  refuses_damage(enrollment_group());
  refuses_damage(linked_hub());
  refuses_damage(registration());
  refuses_damage(gateway());
  refuses_damage(permit());
  refuses_damage(intent());
  refuses_damage(outbox_entry());
  refuses_damage(cleanup_task());
  refuses_damage(cursor());
}

TEST(RecordCodec, RefusesAnEnumerationPastItsLast) {
  auto record = linked_hub();
  record.kind = static_cast<domain::HubKind>(2);
  auto decoded = sync::decode<domain::LinkedHub>(sync::encode(record));
  CHECK_FALSE(decoded.has_value());
  CHECK_TRUE(decoded.error().code == Errc::corrupt);
}

TEST(RecordCodec, RefusesAnIdThatDoesNotParse) {
  // An enrollment without its registration ID: format 1, then an attestation by symmetric key.
  const Bytes body = {0x08, 0x01, 0x22, 0x02, 0x0a, 0x00};
  auto decoded = sync::decode<domain::IndividualEnrollment>(body);
  CHECK_FALSE(decoded.has_value());
  CHECK_TRUE(decoded.error().code == Errc::corrupt);
}

// The bytes themselves: a change here is a change of the format, and stored records would no longer
// be read.
TEST(RecordCodec, WritesTheseBytesForAPermit) {
  STRCMP_EQUAL(
      "0801120467772d311a0b306e653030303030303031202a288780f9c0c1c482033087c087c88ed6820338"
      "014088274804",
      to_hex(sync::encode(permit())).c_str());
}

TEST(RecordCodec, WritesTheseBytesForALinkedHub) {
  STRCMP_EQUAL(
      "0801122030303131323233333434353536363737383839396161626263636464656566661801220d6875"
      "622d612e6578616d706c652a1a68747470733a2f2f6875622d612e6578616d706c653a38343433320355"
      "6c6d38e8074a0831302e302e302e3150ffff035801620230006a12088780f9c0c1c4820310c784b6c1c1"
      "c48203705a",
      to_hex(sync::encode(linked_hub())).c_str());
}

TEST(RecordCodec, WritesTheseBytesForAnIndividualEnrollment) {
  STRCMP_EQUAL(
      "0801120850726573732d31371a0944657669636520313722260a240a107072696d6172792d6b65792d30"
      "31323312107365636f6e646172792d6b65792d30312a93010801120210011803220d6875622d612e6578"
      "616d706c65220d6875622d622e6578616d706c652a0d6875622d632e6578616d706c6532230a15687474"
      "70733a2f2f686f6f6b2e6578616d706c652f120a323032312d31302d30313a1f0a0c7b226c696e65223a"
      "2237227d120f7b22696e74657276616c223a33307d40014a03756c6d4a046772617a52097b226e657722"
      "3a317d320c7b226e6f7465223a2278227d3a12088780f9c0c1c4820310c784b6c1c1c48203",
      to_hex(sync::encode(individual_enrollment())).c_str());
}

TEST(RecordCodec, WritesTheseBytesForARegistration) {
  STRCMP_EQUAL(
      "0801120850726573732d3137180220042a056875622d31320d6875622d612e6578616d706c653a094465"
      "766963652d3137420d0801120750726573736573180c4802520467772d315887addbc5c1c4820360c7b1"
      "98c6c1c482036887b6d5c6c1c48203720b7b2268656c6c6f223a317d7a06414141413d3d8201340887e1"
      "e4d8c1c4820310eabc181a0c556e617574686f72697a656422176c656166206578706972656420323032"
      "352d30312d30338a012a0a0467772d3212056875622d321a0d6875622d622e6578616d706c652203642d"
      "3228c7a89ec5c1c48203900101",
      to_hex(sync::encode(registration())).c_str());
}
