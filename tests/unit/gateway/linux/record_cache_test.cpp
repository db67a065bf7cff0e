#include "gateway/linux/record_cache.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/domain/model/authority.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/memory_store.hpp"

using namespace berth;
using namespace berth::testing;
using gateway::KnownAbsent;
using gateway::RecordCache;
using store::Table;

namespace {

const domain::IdScope kTenant("0ne0000000A");

domain::RegistrationId id(const std::string& text = "Press-1") {
  return domain::RegistrationId::parse(text).value();
}

}  // namespace

TEST_GROUP(RecordCache) {
  MemoryStore store_;
  FakeCrypto crypto_;
  std::atomic<std::uint64_t> generation_{1};
  KnownAbsent known_absent_;
  RecordCache cache_{store_, crypto_, generation_, known_absent_};

  void setup() override {
    CHECK(store_.create_tenant(store::kNode).has_value());
    CHECK(store_.create_tenant(kTenant).has_value());
  }

  void put(Table table, const std::string& key, Bytes body,
           std::vector<store::IndexTerm> terms = {}) {
    store::Change change;
    change.table = table;
    change.id = key;
    change.body = std::move(body);
    change.terms = std::move(terms);
    store::ChangeSet set;
    set.tenant = kTenant;
    set.changes.push_back(std::move(change));
    CHECK(store::commit_one(store_, std::move(set)).has_value());
  }
  void put_hub(const std::string& name) {
    domain::LinkedHub hub;
    hub.hub_id = domain::HubId(name);
    hub.host_name = name + ".example";
    put(Table::linked_hub, name, sync::encode(hub));
  }
  void put_group(const std::string& name, domain::Attestation attestation) {
    domain::EnrollmentGroup group;
    group.group_id = domain::EnrollmentGroupId::parse(name).value();
    group.attestation = std::move(attestation);
    put(Table::enrollment_group, group.group_id.folded(), sync::encode(group),
        store::terms_of(group, crypto_));
  }
  static domain::SymmetricKeyAttestation keys(const std::string& text) {
    return {SecretBytes::copy_of(as_bytes(text)), SecretBytes::copy_of(as_bytes(text))};
  }
  static domain::X509Attestation signing(Bytes primary, Bytes secondary = {}) {
    return {domain::X509Attestation::Kind::signing_certificates,
            std::move(primary),
            std::move(secondary),
            {},
            {}};
  }
  static domain::X509Attestation referring(std::string primary, std::string secondary = {}) {
    return {domain::X509Attestation::Kind::ca_references,
            {},
            {},
            std::move(primary),
            std::move(secondary)};
  }
  void put_ca(const std::string& name, const Bytes& certificate, bool is_verified) {
    domain::CaCertificate ca;
    ca.name = name;
    ca.certificate = certificate;
    ca.is_verified = is_verified;
    put(Table::ca_certificate, to_lower(name), sync::encode(ca), store::terms_of(ca, crypto_));
  }
  void put_individual(const std::string& name, const Bytes& certificate,
                      domain::ProvisioningStatus status) {
    domain::IndividualEnrollment enrollment;
    enrollment.registration_id = id(name);
    enrollment.attestation = domain::X509Attestation{
        domain::X509Attestation::Kind::client_certificates, certificate, {}, {}, {}};
    enrollment.provisioning.status = status;
    put(Table::individual_enrollment, enrollment.registration_id.folded(), sync::encode(enrollment),
        store::terms_of(enrollment, crypto_));
  }
};

TEST(RecordCache, FindsATenantInAnyCase) {
  CHECK(cache_.tenant("0NE0000000a") == kTenant);
  CHECK(cache_.tenant("0ne0000000A") == kTenant);
  CHECK_FALSE(cache_.tenant("0ne0000000B").has_value());
}

TEST(RecordCache, TheNodesOwnRecordsAreNoTenant) {
  CHECK_FALSE(cache_.tenant("").has_value());
}

TEST(RecordCache, SeesNewTenantsWithTheNextGeneration) {
  CHECK_FALSE(cache_.tenant("0ne0000000B").has_value());
  CHECK(store_.create_tenant(domain::IdScope("0ne0000000B")).has_value());
  ++generation_;
  CHECK(cache_.tenant("0ne0000000b").has_value());
}

TEST(RecordCache, ReadsAnEnrollmentWithItsVersion) {
  put_individual("Press-1", {}, domain::ProvisioningStatus::enabled);
  put_individual("Press-1", {}, domain::ProvisioningStatus::disabled);
  const auto found = cache_.enrollments(kTenant)->individual(id("PRESS-1"));
  LONGS_EQUAL(2, (*found)->version);
  CHECK((*found)->record.provisioning.status == domain::ProvisioningStatus::disabled);
  CHECK_FALSE(cache_.enrollments(kTenant)->individual(id("Press-2"))->has_value());
}

TEST(RecordCache, ReadsEnrollmentsAsTheyAreNow) {
  const auto lookup = cache_.enrollments(kTenant);
  CHECK_FALSE(lookup->individual(id())->has_value());
  put_individual("Press-1", {}, domain::ProvisioningStatus::enabled);
  CHECK(lookup->individual(id())->has_value());
}

TEST(RecordCache, FindsGroupsByTheSubjectOfTheirCertificates) {
  const auto one = crypto_.make({.subject = "CN=root-1", .issuer = "CN=root-1"});
  const auto two = crypto_.make({.subject = "CN=root-2", .issuer = "CN=root-2"});
  put_group("b-both", signing(one.der, two.der));
  put_group("a-one", signing(one.der));
  put_group("c-two", signing(two.der));
  const auto found = cache_.enrollments(kTenant)->signing_certificates(one.subject);
  LONGS_EQUAL(3, found->size());
  // In the order of the groups' IDs; more than the subject asks for does no harm.
  CHECK((*found)[0].group.str() == "a-one");
  CHECK((*found)[1].group.str() == "b-both");
  CHECK((*found)[1].der == one.der);
  CHECK((*found)[2].der == two.der);
}

TEST(RecordCache, FindsNoGroupOfAnotherSubject) {
  const auto one = crypto_.make({.subject = "CN=root-1", .issuer = "CN=root-1"});
  const auto two = crypto_.make({.subject = "CN=root-2", .issuer = "CN=root-2"});
  put_group("a", signing(one.der));
  CHECK(cache_.enrollments(kTenant)->signing_certificates(two.subject)->empty());
}

TEST(RecordCache, FindsTheGroupsThatReferToAnUploadedCaOfTheSubject) {
  const auto one = crypto_.make({.subject = "CN=root-1", .issuer = "CN=root-1"});
  const auto two = crypto_.make({.subject = "CN=root-2", .issuer = "CN=root-2"});
  put_ca("Root-1", one.der, false);
  put_ca("Root-2", two.der, true);
  put_group("both", referring("ROOT-2", "root-1"));
  put_group("first", referring("root-1"));
  const auto lookup = cache_.enrollments(kTenant);
  const auto found = lookup->signing_certificates(one.subject);
  LONGS_EQUAL(2, found->size());
  CHECK((*found)[0].group.str() == "both");
  CHECK((*found)[1].group.str() == "first");
  CHECK((*found)[1].der == one.der);
  CHECK_FALSE((*found)[1].verified);

  // Verified since: what the cache says follows at once.
  put_ca("Root-1", one.der, true);
  CHECK(lookup->signing_certificates(one.subject)->at(1).verified);
  LONGS_EQUAL(1, lookup->signing_certificates(two.subject)->size());
}

TEST(RecordCache, FindsACaCertificateByItsNameInAnyLetterCase) {
  put_ca("Root-1", to_bytes("der"), true);
  const auto lookup = cache_.enrollments(kTenant);
  CHECK((*lookup->ca_certificate("ROOT-1"))->is_verified);
  CHECK_FALSE(lookup->ca_certificate("root-2")->has_value());
}

TEST(RecordCache, GivesSymmetricGroupsInTheOrderOfTheirIds) {
  put_group("Zinc", keys("z"));
  put_group("amber", keys("a"));
  put_group("Beryl", keys("b"));
  const auto groups = cache_.enrollments(kTenant)->symmetric_groups();
  LONGS_EQUAL(3, groups->size());
  CHECK((*groups)[0].group.str() == "amber");
  CHECK((*groups)[1].group.str() == "Beryl");
  CHECK((*groups)[2].group.str() == "Zinc");
}

TEST(RecordCache, KeepsSymmetricGroupsUntilTheNextGeneration) {
  put_group("a", keys("a"));
  LONGS_EQUAL(1, cache_.enrollments(kTenant)->symmetric_groups()->size());
  put_group("b", keys("b"));
  LONGS_EQUAL(1, cache_.enrollments(kTenant)->symmetric_groups()->size());
  ++generation_;
  LONGS_EQUAL(2, cache_.enrollments(kTenant)->symmetric_groups()->size());
}

TEST(RecordCache, AnEnrollmentThatIsDisabledBlocksItsCertificate) {
  const auto leaf = crypto_.make({.subject = "CN=dev-1", .issuer = "CN=root"});
  const auto lookup = cache_.enrollments(kTenant);
  put_individual("Press-1", leaf.der, domain::ProvisioningStatus::enabled);
  CHECK_FALSE(*lookup->is_certificate_blocked(leaf.sha256));
  put_individual("Press-2", leaf.der, domain::ProvisioningStatus::disabled);
  CHECK(*lookup->is_certificate_blocked(leaf.sha256));
}

TEST(RecordCache, FindsTheOneDisabledEnrollmentAmongMoreThanAPage) {
  const auto leaf = crypto_.make({.subject = "CN=dev-1", .issuer = "CN=root"});
  for (std::size_t i = 0; i < store::kMaxPage; ++i) {
    put_individual("a-" + std::to_string(i), leaf.der, domain::ProvisioningStatus::enabled);
  }
  put_individual("b", leaf.der, domain::ProvisioningStatus::disabled);
  CHECK(*cache_.enrollments(kTenant)->is_certificate_blocked(leaf.sha256));
}

TEST(RecordCache, ARefusalStubBlocksIdAndCertificates) {
  domain::RefusalStub stub;
  stub.registration_id = id();
  const auto leaf = crypto_.make({.subject = "CN=dev-1", .issuer = "CN=root"});
  stub.certificate_sha256 = Bytes(leaf.sha256.begin(), leaf.sha256.end());
  put(Table::refusal_stub, "press-1", sync::encode(stub),
      {{store::Index::certificate_thumbprint, to_upper_hex(leaf.sha256)}});
  const auto lookup = cache_.enrollments(kTenant);
  CHECK(*lookup->is_blocked(id("PRESS-1")));
  CHECK_FALSE(*lookup->is_blocked(id("Press-2")));
  CHECK(*lookup->is_certificate_blocked(leaf.sha256));
}

TEST(RecordCache, AnAdmittedTpmIsFoundByTheHashOfItsKey) {
  const auto hash = crypto_.sha256(to_bytes("an endorsement key"));
  domain::AdmittedTpm tpm;
  tpm.endorsement_key_sha256 = to_bytes(hash);
  tpm.group_id = domain::EnrollmentGroupId::parse("fleet").value();
  put(Table::admitted_tpm, to_hex(hash), sync::encode(tpm), store::terms_of(tpm));
  const auto lookup = cache_.enrollments(kTenant);
  STRCMP_EQUAL("fleet", (*lookup->admitted_tpm(hash))->group_id.str().c_str());
  CHECK_FALSE(lookup->admitted_tpm(crypto_.sha256(to_bytes("another")))->has_value());
}

TEST(RecordCache, TheIssuersOfTpmsAreThoseOfGroupsOfTpmsOnly) {
  const auto one = crypto_.make({.subject = "CN=one", .issuer = "CN=one"});
  const auto two = crypto_.make({.subject = "CN=two", .issuer = "CN=two"});
  put_group("tpms", domain::TpmGroupAttestation{{one.der, two.der}});
  put_group("leaves", signing(one.der));
  const auto lookup = cache_.enrollments(kTenant);
  const auto issuers = lookup->tpm_issuers(one.subject);
  LONGS_EQUAL(2, issuers->size());
  STRCMP_EQUAL("tpms", issuers->front().group.str().c_str());
  LONGS_EQUAL(1, lookup->signing_certificates(one.subject)->size());
}

TEST(RecordCache, AnIndividualAndAStubKeepTheirTpmOutOfGroups) {
  const auto lookup = cache_.enrollments(kTenant);
  const Bytes key = to_bytes("an endorsement key");
  const auto hash = crypto_.sha256(key);
  domain::IndividualEnrollment enrollment;
  enrollment.registration_id = id();
  enrollment.attestation = domain::TpmAttestation{key, {}};
  const auto write = [&] {
    put(Table::individual_enrollment, enrollment.registration_id.folded(), sync::encode(enrollment),
        store::terms_of(enrollment, crypto_));
  };
  CHECK_FALSE(*lookup->is_endorsement_key_blocked(hash));
  write();
  CHECK(*lookup->is_endorsement_key_blocked(hash));
  enrollment.provisioning.status = domain::ProvisioningStatus::disabled;
  write();
  CHECK(*lookup->is_endorsement_key_blocked(hash));
  const auto other = crypto_.sha256(to_bytes("of another site"));
  domain::RefusalStub stub;
  stub.registration_id = id();
  put(Table::refusal_stub, "press-1", sync::encode(stub),
      {{store::Index::endorsement_key, to_hex(other)}});
  CHECK(*lookup->is_endorsement_key_blocked(other));
}

TEST(RecordCache, KeepsHubsUntilTheNextGeneration) {
  put_hub("hub-a");
  LONGS_EQUAL(1, cache_.hubs(kTenant)->size());
  put_hub("hub-b");
  LONGS_EQUAL(1, cache_.hubs(kTenant)->size());
  ++generation_;
  LONGS_EQUAL(2, cache_.hubs(kTenant)->size());
}

TEST(RecordCache, KeepsNothingOfAReadThatFailed) {
  put_hub("hub-a");
  CHECK(cache_.tenant(kTenant.str()).has_value());
  store_.fail_next(Errc::io);
  CHECK(cache_.hubs(kTenant).error().code == Errc::io);
  LONGS_EQUAL(1, cache_.hubs(kTenant)->size());
}

TEST(RecordCache, DropsWhatItKeptAlsoIfTheTenantsCannotBeRead) {
  put_hub("hub-a");
  LONGS_EQUAL(1, cache_.hubs(kTenant)->size());
  put_hub("hub-b");
  ++generation_;
  store_.fail_next(Errc::io);
  LONGS_EQUAL(2, cache_.hubs(kTenant)->size());
}

TEST(RecordCache, SettingsThatWereNotReceivedAreUnavailable) {
  CHECK(cache_.settings(kTenant).error().code == Errc::unavailable);
  domain::TenantSettings settings;
  settings.id_scope = kTenant;
  settings.allocation_policy = domain::AllocationPolicy::geo_latency;
  put(Table::tenant_settings, "settings", sync::encode(settings));
  CHECK(cache_.settings(kTenant)->allocation_policy == domain::AllocationPolicy::geo_latency);
}

TEST(RecordCache, ARegistrationThatIsHeldIsCurrent) {
  domain::Registration registration;
  registration.registration_id = id();
  registration.status = domain::RegistrationStatus::assigned;
  put(Table::registration, "press-1", sync::encode(registration));
  const auto known = cache_.registration(kTenant, id("PRESS-1"));
  CHECK(known->current);
  LONGS_EQUAL(1, known->registration->version);
}

TEST(RecordCache, AnAbsenceIsCurrentOnlyIfTheCoordinatorSaidSo) {
  CHECK_FALSE(cache_.registration(kTenant, id())->current);
  known_absent_.add(kTenant, id());
  const auto known = cache_.registration(kTenant, id());
  CHECK(known->current);
  CHECK_FALSE(known->registration.has_value());
}
