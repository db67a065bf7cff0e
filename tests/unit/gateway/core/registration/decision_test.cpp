#include "gateway/core/registration/decision.hpp"

#include <optional>

#include "shared/domain/attestation/symmetric_key.hpp"
#include "tests/unit/gateway/core/registration/engine_bench.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

TEST_GROUP(Decision) {
  FakeCache cache;
  FakeProbe probe;
  FakeCrypto crypto;
  domain::Intent intent;
  domain::Provisioning provisioning;

  void setup() override {
    cache.linked = {linked_hub("a"), linked_hub("b")};
    intent.registration_id = rid("dev-1");
    intent.enrollment = {false, "dev-1", 1};
    provisioning.initial_twin.tags = R"({"site":"a"})";
  }
  Result<Decided> decide_for(const std::optional<domain::Registration>& previous) {
    return decide({cache, probe, crypto, {}}, cache.scope, provisioning, domain::DeviceId("dev-1"),
                  previous, kNow, intent);
  }
  Result<domain::Provisioning> enrolled() {
    return still_enrolled(cache, crypto, cache.scope, intent);
  }
};

TEST(Decision, GivesANewDeviceAHubItsIdAndItsTwin) {
  CHECK_TRUE(decide_for(std::nullopt).has_value());
  CHECK_FALSE(intent.hub_id.empty());
  STRCMP_EQUAL("dev-1", intent.device_id.str().c_str());
  STRCMP_EQUAL(R"({"site":"a"})", intent.twin.tags.c_str());
  CHECK_FALSE(intent.replace_twin);
  CHECK_FALSE(intent.migrate_twin);
  CHECK_FALSE(intent.previous.has_value());
  LONGS_EQUAL(1, intent.attempts.size());
}

TEST(Decision, GoesByTheServicesPolicyWhereTheEnrollmentHasNone) {
  cache.tenant_settings.allocation_policy = domain::AllocationPolicy::geo_latency;
  for (const domain::LinkedHub& nearest : cache.linked) {
    for (const domain::LinkedHub& hub : cache.linked) {
      probe.latencies[hub.hub_id] =
          std::chrono::milliseconds{hub.hub_id == nearest.hub_id ? 5 : 90};
    }
    CHECK_TRUE(decide_for(std::nullopt).has_value());
    CHECK_TRUE(intent.hub_id == nearest.hub_id);
  }
}

TEST(Decision, PassesOverAHubThatRefused) {
  CHECK_TRUE(decide_for(std::nullopt).has_value());
  const domain::HubId first = intent.hub_id;
  intent.attempts.back().failure = Errc::hub_refused;
  CHECK_TRUE(decide_for(std::nullopt).has_value());
  CHECK_TRUE(intent.hub_id != first);
  intent.attempts.back().failure = Errc::hub_full;
  CHECK_TRUE(decide_for(std::nullopt).error().code == Errc::no_hub);
}

TEST(Decision, MovesADeviceThatItsEnrollmentSendsElsewhere) {
  provisioning.iot_hubs = {"b.example.test"};
  CHECK_TRUE(decide_for(assigned("dev-1", linked_hub("a"))).has_value());
  STRCMP_EQUAL("b.example.test", intent.host_name.c_str());
  CHECK_TRUE(intent.migrate_twin);
  CHECK_TRUE(intent.replace_twin);
  STRCMP_EQUAL("a.example.test", intent.previous->host_name.c_str());
  STRCMP_EQUAL("etag-of-old", intent.previous->hub_etag.c_str());
}

TEST(Decision, PassesOnWhatTheRecordsCannotSay) {
  cache.failure = Errc::corrupt;
  CHECK_TRUE(decide_for(std::nullopt).error().code == Errc::corrupt);
  CHECK_TRUE(enrolled().error().code == Errc::corrupt);
  CHECK_TRUE(find_linked_hub(cache, cache.scope, linked_hub("a").hub_id).error().code ==
             Errc::corrupt);
}

TEST(Decision, FindsALinkedHubAndMissesAnUnlinkedOne) {
  CHECK_TRUE(find_linked_hub(cache, cache.scope, linked_hub("b").hub_id)->has_value());
  CHECK_FALSE(find_linked_hub(cache, cache.scope, linked_hub("c").hub_id)->has_value());
}

TEST(Decision, BringsTheVersionOfTheEnrollmentUpToDate) {
  cache.put(individual("dev-1"));
  cache.put(individual("dev-1"));
  CHECK_TRUE(enrolled().has_value());
  LONGS_EQUAL(2, intent.enrollment.version);
}

TEST(Decision, GivesTheHubTheKeysThatTheEnrollmentHasNow) {
  auto record = individual("dev-1");
  const SecretBytes rolled = SecretBytes::copy_of(as_bytes("a key that was rolled since"));
  record.attestation = domain::SymmetricKeyAttestation{rolled, rolled};
  cache.put(record);
  intent.credential = domain::SymmetricKeyCredential{};
  CHECK_TRUE(enrolled().has_value());
  CHECK_TRUE(std::get<domain::SymmetricKeyCredential>(intent.credential).primary == rolled);

  domain::EnrollmentGroup group;
  group.group_id = group_id("Line");
  group.attestation = domain::SymmetricKeyAttestation{rolled, rolled};
  cache.put(group);
  intent.enrollment = {true, "line", 1};
  CHECK_TRUE(enrolled().has_value());
  CHECK_TRUE(std::get<domain::SymmetricKeyCredential>(intent.credential).primary ==
             domain::derive_device_key(rolled, "dev-1", crypto));

  // What a certificate proved stays.
  intent.credential = domain::ThumbprintCredential{"AB"};
  CHECK_TRUE(enrolled().has_value());
  CHECK_TRUE(std::holds_alternative<domain::ThumbprintCredential>(intent.credential));
}

TEST(Decision, FindsTheDevicesKeyInTheSlotWhereItIsNow) {
  auto record = individual("dev-1");
  record.attestation = domain::SymmetricKeyAttestation{key(2), key(3), "s1", "s2"};
  cache.put(record);
  intent.credential = domain::SymmetricKeyCredential{key(1), key(2), true};
  intent.credential_id = "s1";
  CHECK_TRUE(enrolled().has_value());
  const auto& credential = std::get<domain::SymmetricKeyCredential>(intent.credential);
  CHECK_TRUE(credential.primary == key(2));
  CHECK_FALSE(credential.signed_with_secondary);

  intent.credential_id = "s2";
  CHECK_TRUE(enrolled().has_value());
  CHECK_TRUE(std::get<domain::SymmetricKeyCredential>(intent.credential).signed_with_secondary);
  // Of a key that is gone nothing more is known.
  intent.credential_id = "p0";
  CHECK_TRUE(enrolled().has_value());
  CHECK_TRUE(std::get<domain::SymmetricKeyCredential>(intent.credential).signed_with_secondary);
}

TEST(Decision, RefusesAnIndividualThatWasDisabledOrDeleted) {
  CHECK_TRUE(enrolled().error().code == Errc::unauthorized);
  auto record = individual("dev-1");
  record.provisioning.status = domain::ProvisioningStatus::disabled;
  cache.put(record);
  CHECK_TRUE(enrolled().error().code == Errc::disabled);
}

TEST(Decision, RefusesAGroupThatWasDisabledOrDeletedAndADeviceThatWasTakenOutOfIt) {
  intent.enrollment = {true, "line", 1};
  CHECK_TRUE(enrolled().error().code == Errc::unauthorized);
  domain::EnrollmentGroup group;
  group.group_id = group_id("Line");
  cache.put(group);
  CHECK_TRUE(enrolled().has_value());
  auto blocking = individual("dev-1");
  blocking.provisioning.status = domain::ProvisioningStatus::disabled;
  cache.put(blocking);
  CHECK_TRUE(enrolled().error().code == Errc::disabled);
  cache.individuals.clear();
  cache.stubs.insert("dev-1");
  CHECK_TRUE(enrolled().error().code == Errc::disabled);
  cache.stubs.clear();
  group.provisioning.status = domain::ProvisioningStatus::disabled;
  cache.put(group);
  CHECK_TRUE(enrolled().error().code == Errc::disabled);
}

TEST(Decision, StaysInAHubThatWasUnlinkedAndLinkedAgain) {
  domain::Registration before = assigned("dev-1", linked_hub("a"));
  before.hub_id = domain::HubId("as it was called before");
  provisioning.allocation_policy = domain::AllocationPolicy::static_hub;
  provisioning.iot_hubs = {linked_hub("a").host_name};
  CHECK_TRUE(decide_for(before).has_value());
  CHECK_TRUE(intent.hub_id == linked_hub("a").hub_id);
  CHECK_FALSE(intent.replace_twin);
  CHECK_FALSE(intent.previous.has_value());
}

TEST(Decision, TellsWhyInItsTrace) {
  CHECK_TRUE(decide_for(std::nullopt).has_value());
  CHECK_TRUE(intent.decision.policy == domain::AllocationPolicy::hashed);
  CHECK_TRUE(intent.decision.hub_id == intent.hub_id);
  LONGS_EQUAL(2, intent.decision.candidates.size());
  CHECK_TRUE(intent.decision.hub_call.find("is created in hub " + intent.host_name) !=
             std::string::npos);

  provisioning.reprovision_policy = domain::ReprovisionPolicy{false, false};
  intent.decision = {};
  CHECK_TRUE(decide_for(assigned("dev-1", linked_hub("b"))).has_value());
  CHECK_FALSE(intent.decision.policy.has_value());
  CHECK_TRUE(intent.decision.policy_source == domain::PolicySource::none);
  CHECK_TRUE(intent.decision.hub_id == linked_hub("b").hub_id);
  CHECK_TRUE(intent.decision.hub_call.find("stays in hub") != std::string::npos);
}

TEST(Decision, LeavesTheHubToTheWebhookOfCustomAllocation) {
  provisioning.allocation_policy = domain::AllocationPolicy::custom;
  CHECK_TRUE(decide_for(std::nullopt).error().code == Errc::allocation_failed);
  provisioning.custom_allocation = domain::CustomAllocation{"https://alloc.test", "2021-10-01"};
  CHECK_TRUE(*decide_for(std::nullopt) == Decided::webhook);
  CHECK_TRUE(intent.hub_id.empty());
  STRCMP_EQUAL("dev-1", intent.device_id.str().c_str());
  provisioning.iot_hubs = {"gone.test"};
  CHECK_TRUE(decide_for(std::nullopt).error().code == Errc::no_hub);
}
