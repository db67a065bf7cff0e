#include "coordinator/store/enrollments.hpp"

#include <chrono>
#include <set>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/store/index_terms.hpp"
#include "tests/unit/coordinator/store/catalog_fixture.hpp"

using namespace berth;

namespace {

domain::IndividualEnrollment individual(const std::string& id) {
  domain::IndividualEnrollment record;
  record.registration_id = *domain::RegistrationId::parse(id);
  record.attestation =
      domain::SymmetricKeyAttestation{SecretBytes(Bytes(16, 1)), SecretBytes(Bytes(16, 2))};
  return record;
}

domain::EnrollmentGroup symmetric_group(const std::string& id) {
  domain::EnrollmentGroup record;
  record.group_id = *domain::EnrollmentGroupId::parse(id);
  record.attestation =
      domain::SymmetricKeyAttestation{SecretBytes(Bytes(16, 1)), SecretBytes(Bytes(16, 2))};
  return record;
}

}  // namespace

TEST_GROUP(Enrollments) {
  berth::testing::CatalogFixture fixture;
  coordinator::Enrollments& enrollments = fixture.catalog.enrollments;
  const domain::IdScope& tenant = fixture.tenant;
};

TEST(Enrollments, FindsARecordInAnyLetterCase) {
  CHECK(enrollments.put(tenant, individual("Dev-1"), 0).has_value());
  const auto found = enrollments.individual(tenant, *domain::RegistrationId::parse("dEV-1"));
  STRCMP_EQUAL("Dev-1", (*found)->record.registration_id.str().c_str());
  CHECK_EQUAL(1U, (*found)->version);
}

TEST(Enrollments, RefusesToCreateWhatExists) {
  CHECK(enrollments.put(tenant, individual("dev-1"), 0).has_value());
  CHECK(enrollments.put(tenant, individual("DEV-1"), 0).error().code == Errc::already_exists);
}

TEST(Enrollments, RefusesToReplaceAnotherVersion) {
  const auto first = enrollments.put(tenant, individual("dev-1"), 0);
  const auto second = enrollments.put(tenant, first->record, 1);
  CHECK_EQUAL(2U, second->version);
  CHECK(enrollments.put(tenant, first->record, 1).error().code == Errc::version_mismatch);
  CHECK(enrollments.put(tenant, individual("dev-2"), 1).error().code == Errc::not_found);
}

TEST(Enrollments, KeepsTheTimeOfCreationOverAnUpdate) {
  const auto first = enrollments.put(tenant, individual("dev-1"), 0);
  fixture.clock.advance(std::chrono::hours(1));
  const auto second = enrollments.put(tenant, first->record, 1);
  CHECK(second->record.stamps.created == first->record.stamps.created);
  CHECK(second->record.stamps.updated - second->record.stamps.created == std::chrono::hours(1));
}

TEST(Enrollments, KeepTheNamesOfTheirKeysAndTheRollOverAnUpdate) {
  const auto made = enrollments.put(tenant, symmetric_group("grp-1"), 0);
  const auto keys_of = [](const domain::EnrollmentGroup& group) {
    return std::get<domain::SymmetricKeyAttestation>(group.attestation);
  };
  const auto before = keys_of(made->record);
  CHECK_FALSE(before.primary_id.empty());
  CHECK(before.primary_id != before.secondary_id);
  domain::EnrollmentGroup rolled = made->record;
  rolled.key_roll = {before.primary_id, before.secondary_id, fixture.clock.wall()};
  CHECK(enrollments.put(tenant, rolled, 1).has_value());

  // As the service API writes it: without what it does not know.
  domain::EnrollmentGroup written = symmetric_group("grp-1");
  written.stamps = made->record.stamps;
  std::get<domain::SymmetricKeyAttestation>(written.attestation).primary =
      SecretBytes(Bytes(16, 3));
  const auto after = enrollments.put(tenant, written, 2);
  CHECK(keys_of(after->record).secondary_id == before.secondary_id);
  CHECK(keys_of(after->record).primary_id != before.primary_id);
  CHECK(after->record.key_roll == rolled.key_roll);
}

TEST(Enrollments, GiveNoNameASecondTimeWhenARecordIsMadeAnew) {
  const auto id = *domain::RegistrationId::parse("dev-1");
  const auto first = enrollments.put(tenant, individual("dev-1"), 0);
  CHECK(enrollments.erase(tenant, id, 1).has_value());
  fixture.clock.advance(std::chrono::seconds(1));
  const auto second = enrollments.put(tenant, individual("dev-1"), 0);
  CHECK(std::get<domain::SymmetricKeyAttestation>(first->record.attestation).primary_id !=
        std::get<domain::SymmetricKeyAttestation>(second->record.attestation).primary_id);
}

TEST(Enrollments, ErasesOnlyTheExpectedVersion) {
  CHECK(enrollments.put(tenant, individual("dev-1"), 0).has_value());
  const auto id = *domain::RegistrationId::parse("dev-1");
  CHECK(enrollments.erase(tenant, id, 2).error().code == Errc::version_mismatch);
  CHECK(enrollments.erase(tenant, id, 1).has_value());
  CHECK_FALSE(enrollments.individual(tenant, id)->has_value());
}

TEST(Enrollments, KeepsTenantsApart) {
  domain::TenantSettings settings;
  settings.name = "other";
  const auto other = fixture.catalog.tenants.create(settings)->record.id_scope;
  CHECK(enrollments.put(other, individual("dev-1"), 0).has_value());
  CHECK_FALSE(enrollments.individual(tenant, *domain::RegistrationId::parse("dev-1"))->has_value());
}

TEST(Enrollments, ListsEveryRecordOnceOverPages) {
  for (int i = 0; i < 7; ++i) {
    CHECK(enrollments.put(tenant, individual("dev-" + std::to_string(i)), 0).has_value());
  }
  std::set<std::string> seen;
  std::string continuation;
  do {
    const auto page = enrollments.individuals(tenant, continuation, 3);
    for (const auto& row : page->records) seen.insert(row.record.registration_id.str());
    continuation = page->continuation;
  } while (!continuation.empty());
  CHECK_EQUAL(7U, seen.size());
}

TEST(Enrollments, IndexesGroupsBySymmetricKey) {
  CHECK(enrollments.put(tenant, symmetric_group("grp-1"), 0).has_value());
  const auto page =
      fixture.store.find(tenant, store::Table::enrollment_group,
                         {store::Index::symmetric_groups, store::kSymmetricGroupTerm}, {}, 10);
  CHECK_EQUAL(1U, page->records.size());
}

TEST(Enrollments, RefusesOneSymmetricGroupMoreThanTheQuota) {
  for (std::size_t i = 0; i < coordinator::Quotas{}.symmetric_groups; ++i) {
    CHECK(enrollments.put(tenant, symmetric_group("grp-" + std::to_string(i)), 0).has_value());
  }
  CHECK(enrollments.put(tenant, symmetric_group("one-more"), 0).error().code == Errc::forbidden);
  const auto stored = enrollments.group(tenant, *domain::EnrollmentGroupId::parse("grp-0"));
  CHECK(enrollments.put(tenant, (*stored)->record, (*stored)->version).has_value());
}

TEST(Enrollments, RefusesOneX509GroupMoreThanTheQuotaAndCountsThemAlone) {
  coordinator::Quotas quotas;
  quotas.x509_groups = 2;
  coordinator::Enrollments few(fixture.store, *fixture.crypto, fixture.clock, quotas);
  const auto x509_group = [](const std::string& id) {
    domain::EnrollmentGroup group;
    group.group_id = *domain::EnrollmentGroupId::parse(id);
    group.attestation =
        domain::X509Attestation{domain::X509Attestation::Kind::ca_references, {}, {}, "ca", {}};
    return group;
  };
  CHECK(few.put(tenant, x509_group("a"), 0).has_value());
  CHECK(few.put(tenant, x509_group("b"), 0).has_value());
  CHECK(few.put(tenant, x509_group("c"), 0).error().code == Errc::forbidden);
  const auto symmetric = few.put(tenant, symmetric_group("c"), 0);
  CHECK(symmetric.has_value());
  // A change of the attestation is one more of its new kind.
  CHECK(few.put(tenant, x509_group("c"), symmetric->version).error().code == Errc::forbidden);
  CHECK(few.put(tenant, x509_group("b"), 1).has_value());
}

TEST(Enrollments, RefusesARecordThatIsTooLarge) {
  domain::IndividualEnrollment record = individual("dev-1");
  record.provisioning.initial_twin.tags = std::string(store::kMaxRecordSize, 'x');
  CHECK(enrollments.put(tenant, record, 0).error().code == Errc::too_large);
}

TEST(Enrollments, RefusesOneIndividualMoreThanTheQuotaAndTakesOneWhereOneWent) {
  coordinator::Quotas quotas;
  quotas.individual_enrollments = 2;
  coordinator::Enrollments few(fixture.store, *fixture.crypto, fixture.clock, quotas);
  CHECK(few.put(tenant, individual("dev-1"), 0).has_value());
  CHECK(few.put(tenant, individual("dev-2"), 0).has_value());
  CHECK(few.put(tenant, individual("dev-3"), 0).error().code == Errc::forbidden);
  // What is there may change.
  CHECK(few.put(tenant, individual("dev-2"), 1).has_value());
  CHECK(few.erase(tenant, *domain::RegistrationId::parse("dev-1"), 1).has_value());
  CHECK(few.put(tenant, individual("dev-3"), 0).has_value());
  CHECK(few.put(tenant, individual("dev-4"), 0).error().code == Errc::forbidden);
  // Groups are counted by themselves.
  CHECK(few.put(tenant, symmetric_group("grp"), 0).has_value());
}

TEST(Enrollments, AreCountedByTheHubThatTheyNameWhicheverWay) {
  domain::EnrollmentGroup group = symmetric_group("grp");
  for (std::size_t i = 0; i < 49; ++i) {
    group.provisioning.iot_hubs.push_back("hub-" + std::to_string(i) + ".test");
  }
  group.provisioning.iot_hubs.push_back("Hub-0.test");
  group.provisioning.iot_hub_host_name = "legacy.test";
  CHECK(enrollments.put(tenant, group, 0).has_value());
  domain::IndividualEnrollment one = individual("dev-1");
  one.provisioning.iot_hubs = {"hub-48.test"};
  CHECK(enrollments.put(tenant, one, 0).has_value());
  CHECK_EQUAL(1U, enrollments.naming(tenant, "HUB-0.TEST")->groups);
  CHECK_EQUAL(1U, enrollments.naming(tenant, "hub-48.test")->groups);
  CHECK_EQUAL(1U, enrollments.naming(tenant, "hub-48.test")->individuals);
  CHECK_EQUAL(1U, enrollments.naming(tenant, "legacy.test")->groups);
  CHECK_EQUAL(0U, enrollments.naming(tenant, "legacy.test")->individuals);
  CHECK_EQUAL(0U, enrollments.naming(tenant, "hub-49.test")->groups);
}
