#include "coordinator/store/ca_certificates.hpp"

#include <chrono>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/json/certificate_text.hpp"
#include "shared/store/index_terms.hpp"
#include "tests/unit/coordinator/store/catalog_fixture.hpp"
#include "tests/unit/shared/json/x509_vector.hpp"

using namespace berth;

namespace {

domain::CaCertificate ca(const std::string& name, Bytes certificate) {
  domain::CaCertificate record;
  record.name = name;
  record.certificate = std::move(certificate);
  return record;
}

domain::X509Attestation referring_to(const std::string& primary,
                                     const std::string& secondary = {}) {
  return {domain::X509Attestation::Kind::ca_references, {}, {}, primary, secondary};
}

}  // namespace

TEST_GROUP(CaCertificates) {
  berth::testing::CatalogFixture fixture;
  coordinator::CaCertificates& certificates = fixture.catalog.ca_certificates;
  const domain::IdScope& tenant = fixture.tenant;

  Errc failure_of_put(const domain::CaCertificate& record) {
    const auto written = certificates.put(tenant, record, 0);
    CHECK_FALSE(written.has_value());
    return written.error().code;
  }
};

TEST(CaCertificates, KeepsACertificateUnderItsNameInAnyLetterCase) {
  fixture.clock.advance(std::chrono::seconds(5));
  const auto made = certificates.put(tenant, ca("My-Root", {1}), 0);
  CHECK_EQUAL(1U, made->version);
  CHECK(made->record.stamps.created == fixture.clock.wall());
  const auto found = certificates.find(tenant, "MY-ROOT");
  STRCMP_EQUAL("My-Root", (*found)->record.name.c_str());
  CHECK_EQUAL(1U, certificates.all(tenant)->size());
  CHECK(failure_of_put(ca("my-root", {2})) == Errc::already_exists);
}

TEST(CaCertificates, TakesNamesOfLettersDigitsAndFewMarksUpToTheLimit) {
  CHECK(coordinator::check_ca_certificate_name("a-B.c_9").has_value());
  CHECK(coordinator::check_ca_certificate_name(std::string(256, 'a')).has_value());
  for (const std::string& name : {std::string{}, std::string(257, 'a'), std::string("a b"),
                                  std::string("a/b"), std::string("a\xC3\xA4")}) {
    CHECK(coordinator::check_ca_certificate_name(name).error().code == Errc::invalid);
    CHECK_FALSE(certificates.find(tenant, name)->has_value());
  }
}

TEST(CaCertificates, HoldsACertificateUnderOneNameOnly) {
  CHECK(certificates.put(tenant, ca("first", {1}), 0).has_value());
  CHECK(failure_of_put(ca("second", {1})) == Errc::conflict);
  CHECK(certificates.put(tenant, ca("FIRST", {1}), 1).has_value());
}

TEST(CaCertificates, RefusesOneMoreThanTheQuota) {
  const std::size_t most = coordinator::Quotas{}.ca_certificates;
  CHECK_EQUAL(25U, most);
  for (std::size_t i = 0; i < most; ++i) {
    const Bytes der{static_cast<std::uint8_t>(i)};
    CHECK(certificates.put(tenant, ca("ca-" + std::to_string(i), der), 0).has_value());
  }
  CHECK(failure_of_put(ca("more", {0xFF})) == Errc::forbidden);
  CHECK(certificates.put(tenant, ca("ca-0", {0xFF}), 1).has_value());
}

TEST(CaCertificates, StaysWhileAGroupRefersToItByEitherName) {
  CHECK(certificates.put(tenant, ca("one", {1}), 0).has_value());
  CHECK(certificates.put(tenant, ca("two", {2}), 0).has_value());
  domain::EnrollmentGroup group;
  group.group_id = *domain::EnrollmentGroupId::parse("presses");
  group.attestation = referring_to("One", "Two");
  CHECK(fixture.catalog.enrollments.put(tenant, group, 0).has_value());
  for (const char* name : {"one", "TWO"}) {
    const auto erased = certificates.erase(tenant, name, 1);
    CHECK(erased.error().code == Errc::conflict);
    CHECK(erased.error().reason.find("enrollment group presses") != std::string::npos);
  }
  CHECK(fixture.catalog.enrollments.erase(tenant, group.group_id, 1).has_value());
  CHECK(certificates.erase(tenant, "ONE", 1).has_value());
  CHECK_FALSE(certificates.find(tenant, "one")->has_value());
}

TEST(CaCertificates, StaysWhileAnIndividualRefersToIt) {
  CHECK(certificates.put(tenant, ca("one", {1}), 0).has_value());
  domain::IndividualEnrollment individual;
  individual.registration_id = *domain::RegistrationId::parse("dev-1");
  individual.attestation = referring_to("one");
  CHECK(fixture.catalog.enrollments.put(tenant, individual, 0).has_value());
  const auto erased = certificates.erase(tenant, "one", 1);
  CHECK(erased.error().code == Errc::conflict);
  CHECK(erased.error().reason.find("enrollment dev-1") != std::string::npos);
}

TEST(CaCertificates, ErasesOnlyTheVersionThatWasMeant) {
  CHECK(certificates.put(tenant, ca("one", {1}), 0).has_value());
  CHECK(certificates.put(tenant, ca("one", {2}), 1).has_value());
  CHECK(certificates.erase(tenant, "one", 1).error().code == Errc::version_mismatch);
  CHECK(certificates.erase(tenant, "none", 1).error().code == Errc::not_found);
}

TEST(CaCertificates, AreFoundByTheirSubjectAndLoggedForGateways) {
  const Bytes der = *json::read_certificate_text(berth::testing::kVectorPem);
  CHECK(certificates.put(tenant, ca("one", der), 0).has_value());
  const auto parsed = fixture.crypto->parse_certificate(der);
  const store::IndexTerm subject{store::Index::issuer_subject,
                                 store::subject_term(parsed->subject, *fixture.crypto)};
  CHECK_EQUAL(
      1U,
      fixture.store.find(tenant, store::Table::ca_certificate, subject, {}, 10)->records.size());
  CHECK(fixture.store.changes(tenant, 0, 100)->back().table == store::Table::ca_certificate);
}
