#include "coordinator/sync/scope.hpp"

#include <CppUTest/TestHarness.h>

#include "coordinator/sync/scope_digest.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "tests/support/coordinator_side.hpp"

using namespace berth;
using namespace berth::testing;
using coordinator::Scope;
using store::Table;

TEST_GROUP(Scope) {
  FakeClock clock;
  CoordinatorSide coordinator{clock};
  Scope ulm{domain::SiteId("ulm"), *coordinator.crypto};

  store::Record individual(std::vector<domain::SiteId> sites, domain::ProvisioningStatus status,
                           domain::Attestation attestation = domain::SymmetricKeyAttestation{}) {
    domain::IndividualEnrollment record;
    record.registration_id = must(domain::RegistrationId::parse("Press-1"));
    record.attestation = std::move(attestation);
    record.provisioning.sites = std::move(sites);
    record.provisioning.status = status;
    return {Table::individual_enrollment, "press-1", 3, 9, sync::encode(record)};
  }
  static store::Record group(domain::GroupKeyCustody custody, domain::Attestation attestation) {
    domain::EnrollmentGroup record;
    record.group_id = must(domain::EnrollmentGroupId::parse("presses"));
    record.attestation = std::move(attestation);
    record.key_custody = custody;
    return {Table::enrollment_group, "presses", 1, 9, sync::encode(record)};
  }
  static Result<bool> never(const std::string&) {
    return false;
  }
};

TEST(Scope, ShowsRecordsAsTheyAre) {
  const auto record = individual({}, domain::ProvisioningStatus::enabled);
  const auto seen = must(ulm.view(record));
  CHECK_TRUE(seen->table == Table::individual_enrollment);
  CHECK_TRUE(seen->body == record.body);
  UNSIGNED_LONGLONGS_EQUAL(3, seen->version);
}

TEST(Scope, HidesWhatOtherSitesServe) {
  CHECK_FALSE(
      must(ulm.view(individual({domain::SiteId("graz")}, domain::ProvisioningStatus::enabled)))
          .has_value());
  CHECK_TRUE(must(ulm.view(individual({domain::SiteId("graz"), domain::SiteId("ulm")},
                                      domain::ProvisioningStatus::enabled)))
                 .has_value());
}

TEST(Scope, ShowsADisabledIndividualOfOtherSitesAsAStub) {
  domain::X509Attestation x509;
  x509.primary = {1, 2, 3};
  const auto seen = must(
      ulm.view(individual({domain::SiteId("graz")}, domain::ProvisioningStatus::disabled, x509)));
  CHECK_TRUE(seen->table == Table::refusal_stub);
  const auto stub = must(sync::decode<domain::RefusalStub>(*seen->body));
  const auto hash = coordinator.crypto->sha256(x509.primary);
  CHECK_TRUE(stub.certificate_sha256 == Bytes(hash.begin(), hash.end()));
  CHECK_TRUE(stub.secondary_certificate_sha256.empty());
}

TEST(Scope, AStubOfADisabledTpmNamesItsKey) {
  const domain::TpmAttestation tpm{{1, 2, 3}, {}};
  const auto seen = must(
      ulm.view(individual({domain::SiteId("graz")}, domain::ProvisioningStatus::disabled, tpm)));
  const auto stub = must(sync::decode<domain::RefusalStub>(*seen->body));
  CHECK_TRUE(stub.endorsement_key_sha256 ==
             to_bytes(coordinator.crypto->sha256(tpm.endorsement_key)));
  CHECK_TRUE(stub.certificate_sha256.empty());
}

TEST(Scope, AnEnabledTpmOfOtherSitesKeepsItsChipAndNothingElse) {
  const domain::TpmAttestation tpm{{1, 2, 3}, {}};
  const auto seen = must(
      ulm.view(individual({domain::SiteId("graz")}, domain::ProvisioningStatus::enabled, tpm)));
  CHECK_TRUE(seen.has_value());
  CHECK_TRUE(seen->table == Table::refusal_stub);
  const auto stub = must(sync::decode<domain::RefusalStub>(*seen->body));
  CHECK_TRUE(stub.is_enabled);
  CHECK_TRUE(stub.endorsement_key_sha256 ==
             to_bytes(coordinator.crypto->sha256(tpm.endorsement_key)));
  // A key that is no key keeps nobody out.
  CHECK_FALSE(
      must(ulm.view(individual({domain::SiteId("graz")}, domain::ProvisioningStatus::enabled,
                               domain::TpmAttestation{})))
          .has_value());
}

TEST(Scope, KeepsGroupsWhoseKeysStayAtTheCoordinator) {
  using Custody = domain::GroupKeyCustody;
  const domain::Attestation key = domain::SymmetricKeyAttestation{};
  CHECK_TRUE(must(ulm.view(group(Custody::on_gateway, key))).has_value());
  CHECK_FALSE(must(ulm.view(group(Custody::online_only, key))).has_value());
  CHECK_FALSE(must(ulm.view(group(Custody::listed_devices, key))).has_value());
  // Certificates are no secret.
  CHECK_TRUE(must(ulm.view(group(Custody::online_only, domain::X509Attestation{}))).has_value());
}

TEST(Scope, TurnsAChangeOfFormIntoARemovalAndARecord) {
  store::LogEntry entry;
  entry.table = Table::individual_enrollment;
  entry.id = "press-1";
  entry.before = individual({}, domain::ProvisioningStatus::enabled);
  entry.after = individual({domain::SiteId("graz")}, domain::ProvisioningStatus::disabled);
  const auto changes = must(ulm.changes_for(entry, never));
  LONGS_EQUAL(2, changes.size());
  CHECK_TRUE(changes[0].table == Table::individual_enrollment);
  CHECK_FALSE(changes[0].body.has_value());
  CHECK_TRUE(changes[1].table == Table::refusal_stub);
}

TEST(Scope, SaysNothingOfWhatWasNeverSeen) {
  store::LogEntry entry;
  entry.table = Table::individual_enrollment;
  entry.id = "press-1";
  entry.before = individual({domain::SiteId("graz")}, domain::ProvisioningStatus::enabled);
  CHECK_TRUE(must(ulm.changes_for(entry, never)).empty());
}

TEST(Scope, TellsOfRegistrationsByInterest) {
  store::LogEntry entry;
  entry.table = Table::registration;
  entry.id = "press-1";
  entry.after = store::Record{Table::registration, "press-1", 1, 1, {}};
  CHECK_TRUE(must(ulm.changes_for(entry, never)).empty());
  const auto always = [](const std::string& id) { return Result<bool>(id == "press-1"); };
  LONGS_EQUAL(1, must(ulm.changes_for(entry, always)).size());
  entry.after.reset();
  CHECK_FALSE(must(ulm.changes_for(entry, always)).at(0).body.has_value());
}

TEST(Scope, HashesAlikeByWalkingAndByFollowing) {
  coordinator::ScopeDigest following(coordinator.store, coordinator.tenant, ulm,
                                     *coordinator.crypto);
  const auto finished = [](coordinator::ScopeDigest& digest) {
    for (;;) {
      if (auto done = must(digest.step())) return *done;
    }
  };
  const Bytes empty = finished(following);
  coordinator.enroll("press-1");
  coordinator.enroll("press-2", {domain::SiteId("graz")});
  coordinator.enroll("press-3", {domain::SiteId("graz")}, true);
  coordinator.link_hub("hub-a.example");
  coordinator.enroll("press-1", {domain::SiteId("graz")});
  const Bytes followed = finished(following);
  CHECK_TRUE(followed != empty);
  coordinator::ScopeDigest walking(coordinator.store, coordinator.tenant, ulm, *coordinator.crypto);
  CHECK_TRUE(finished(walking) == followed);
  UNSIGNED_LONGLONGS_EQUAL(must(coordinator.store.head(coordinator.tenant)), walking.sequence());
}

TEST(Scope, BeginsADigestAgainThatAChangeInterrupted) {
  for (std::size_t i = 0; i < coordinator::kDigestStep + 1; ++i) {
    coordinator.enroll("press-" + std::to_string(i));
  }
  coordinator::ScopeDigest digest(coordinator.store, coordinator.tenant, ulm, *coordinator.crypto);
  CHECK_FALSE(must(digest.step()).has_value());
  coordinator.enroll("press-0");
  std::optional<Bytes> done;
  while (!done) done = must(digest.step());
  coordinator::ScopeDigest fresh(coordinator.store, coordinator.tenant, ulm, *coordinator.crypto);
  std::optional<Bytes> expected;
  while (!expected) expected = must(fresh.step());
  CHECK_TRUE(*done == *expected);
}
