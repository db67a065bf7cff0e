#include "coordinator/store/admitted_tpms.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "tests/unit/coordinator/store/catalog_fixture.hpp"

using namespace berth;
using coordinator::AdmittedTpms;
using Outcome = AdmittedTpms::Outcome;

TEST_GROUP(AdmittedTpms) {
  berth::testing::CatalogFixture fixture;
  const domain::IdScope& tenant = fixture.tenant;
  AdmittedTpms& lists = fixture.catalog.admitted_tpms;

  static domain::EnrollmentGroupId group_id(const std::string& name) {
    return *domain::EnrollmentGroupId::parse(name);
  }
  coordinator::Versioned<domain::EnrollmentGroup> make_group(const std::string& name) {
    domain::EnrollmentGroup record;
    record.group_id = group_id(name);
    record.attestation = domain::TpmGroupAttestation{};
    return *fixture.catalog.enrollments.put(tenant, record, 0);
  }
  static domain::AdmittedTpm chip(std::uint8_t number, const std::string& registration_id = {}) {
    domain::AdmittedTpm tpm;
    tpm.endorsement_key_sha256 = Bytes(32, number);
    if (!registration_id.empty()) {
      tpm.registration_id = *domain::RegistrationId::parse(registration_id);
    }
    return tpm;
  }
  using Delivery = std::vector<domain::AdmittedTpm>;
  std::vector<Result<Outcome>> admit(const coordinator::Versioned<domain::EnrollmentGroup>& to,
                                     const Delivery& delivery) {
    auto outcomes = lists.admit(tenant, to, delivery);
    CHECK_TRUE(outcomes.has_value());
    return std::move(*outcomes);
  }
  static void check_admitted(const Result<Outcome>& outcome) {
    CHECK_TRUE(outcome.has_value());
    CHECK_TRUE(*outcome == Outcome::admitted);
  }
  static void check_refused(const Result<Outcome>& outcome, Errc code, const char* reason) {
    CHECK_FALSE(outcome.has_value());
    CHECK_TRUE(outcome.error().code == code);
    STRCMP_CONTAINS(reason, outcome.error().reason.c_str());
  }
  std::size_t listed(const std::string& group) {
    return lists.of_group(tenant, group_id(group), {}, 1000)->records.size();
  }
};

TEST(AdmittedTpms, AChipIsOnItsListOnce) {
  const auto fleet = make_group("Fleet");
  check_admitted(admit(fleet, {chip(1)}).front());
  const auto again = admit(fleet, {chip(1), chip(2), chip(2)});
  CHECK_TRUE(*again[0] == Outcome::was_admitted);
  check_admitted(again[1]);
  CHECK_TRUE(*again[2] == Outcome::was_admitted);
  LONGS_EQUAL(2, listed("fleet"));
  const auto record = lists.of_group(tenant, group_id("FLEET"), {}, 1)->records.front().record;
  STRCMP_EQUAL("Fleet", record.group_id.str().c_str());
  CHECK_TRUE(record.stamps.created == fixture.clock.wall());
}

TEST(AdmittedTpms, AChipIsOnOneListOfATenant) {
  admit(make_group("fleet"), {chip(1)});
  check_refused(admit(make_group("other"), {chip(1)}).front(), Errc::conflict,
                "on the list of enrollment group 'fleet'");
  LONGS_EQUAL(0, listed("other"));
}

TEST(AdmittedTpms, AnIdIsGivenToOneChip) {
  const auto fleet = make_group("fleet");
  check_admitted(admit(fleet, {chip(1, "press-7")}).front());
  const auto outcomes =
      admit(fleet, {chip(2, "PRESS-7"), chip(3, "press-8"), chip(4, "press-8"), chip(5)});
  check_refused(outcomes[0], Errc::conflict, "'PRESS-7' is given to another TPM");
  check_admitted(outcomes[1]);
  check_refused(outcomes[2], Errc::conflict, "'press-8' is given to two TPMs of the delivery");
  check_admitted(outcomes[3]);
  LONGS_EQUAL(3, listed("fleet"));
}

TEST(AdmittedTpms, AChipKeepsTheIdThatItWasGiven) {
  const auto fleet = make_group("fleet");
  admit(fleet, {chip(1, "press-7"), chip(2)});
  const auto outcomes = admit(fleet, {chip(1, "press-8"), chip(1), chip(2, "press-9")});
  check_refused(outcomes[0], Errc::conflict, "with the registration ID 'press-7'");
  check_refused(outcomes[1], Errc::conflict, "with the registration ID 'press-7'");
  check_refused(outcomes[2], Errc::conflict, "without a registration ID of its own");
}

TEST(AdmittedTpms, AListIsAsLongAsItsLimitAndNoLonger) {
  AdmittedTpms limited(fixture.store, fixture.clock, 2);
  const auto fleet = make_group("fleet");
  const Delivery delivery{chip(1), chip(2), chip(3)};
  const auto outcomes = limited.admit(tenant, fleet, delivery);
  check_admitted((*outcomes)[1]);
  check_refused((*outcomes)[2], Errc::forbidden, "lists at most 2 TPMs");
  const Delivery more{chip(1), chip(3)};
  const auto later = limited.admit(tenant, fleet, more);
  CHECK_TRUE(*later->front() == Outcome::was_admitted);
  check_refused(later->back(), Errc::forbidden, "lists at most 2 TPMs");
}

TEST(AdmittedTpms, AGroupThatChangedMeanwhileTakesNobody) {
  auto stale = make_group("fleet");
  CHECK_TRUE(fixture.catalog.enrollments.put(tenant, stale.record, 1).has_value());
  const Delivery delivery{chip(1)};
  CHECK_TRUE(lists.admit(tenant, stale, delivery).error().code == Errc::version_mismatch);
  LONGS_EQUAL(0, listed("fleet"));
}

TEST(AdmittedTpms, AChipIsTakenOffItsOwnListOnly) {
  admit(make_group("fleet"), {chip(1)});
  make_group("other");
  CHECK_TRUE(lists.erase(tenant, group_id("other"), Bytes(32, 1)).error().code == Errc::not_found);
  CHECK_TRUE(lists.erase(tenant, group_id("fleet"), Bytes(32, 1)).has_value());
  CHECK_TRUE(lists.erase(tenant, group_id("fleet"), Bytes(32, 1)).error().code == Errc::not_found);
}

TEST(AdmittedTpms, TheListGoesWithItsGroup) {
  const auto fleet = make_group("fleet");
  admit(fleet, {chip(1), chip(2)});
  admit(make_group("other"), {chip(3)});
  auto& enrollments = fixture.catalog.enrollments;
  CHECK_TRUE(enrollments.erase(tenant, group_id("fleet"), 9).error().code ==
             Errc::version_mismatch);
  LONGS_EQUAL(2, listed("fleet"));
  CHECK_TRUE(enrollments.erase(tenant, group_id("fleet"), fleet.version).has_value());
  LONGS_EQUAL(0, listed("fleet"));
  LONGS_EQUAL(1, listed("other"));
}

// Else nobody could see the list, and it would admit its chips again after another change.
TEST(AdmittedTpms, AGroupWithAListStaysAGroupOfTpms) {
  auto fleet = make_group("fleet");
  admit(fleet, {chip(1)});
  auto& enrollments = fixture.catalog.enrollments;
  domain::EnrollmentGroup other_type = fleet.record;
  other_type.attestation = domain::SymmetricKeyAttestation{};
  const auto refused = enrollments.put(tenant, other_type, fleet.version);
  CHECK_TRUE(refused.error().code == Errc::conflict);
  STRCMP_CONTAINS("'fleet' has TPMs on its list (1)", refused.error().reason.c_str());
  LONGS_EQUAL(1, listed("fleet"));
  // What is no change of the type is none of the list's business.
  fleet = *enrollments.put(tenant, fleet.record, fleet.version);

  CHECK_TRUE(lists.erase(tenant, group_id("fleet"), Bytes(32, 1)).has_value());
  CHECK_TRUE(enrollments.put(tenant, other_type, fleet.version).has_value());
}

TEST(AdmittedTpms, ALongListGoesPageByPage) {
  const auto fleet = make_group("fleet");
  Delivery delivery;
  for (std::size_t i = 0; i <= store::kMaxPage; ++i) {
    domain::AdmittedTpm tpm = chip(0);
    tpm.endorsement_key_sha256[0] = static_cast<std::uint8_t>(i >> 8U);
    tpm.endorsement_key_sha256[1] = static_cast<std::uint8_t>(i);
    delivery.push_back(tpm);
  }
  admit(fleet, delivery);
  CHECK_TRUE(lists.erase_list(tenant, group_id("fleet")).has_value());
  LONGS_EQUAL(0, listed("fleet"));
}
