#include "shared/protocol/sync/record_lookup.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/domain/model/authority.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/memory_store.hpp"

using namespace berth;
using berth::testing::FakeCrypto;
using berth::testing::MemoryStore;
using store::Table;

namespace {

const domain::IdScope kTenant("0ne0000000A");
const domain::IdScope kOther("0ne0000000B");

}  // namespace

TEST_GROUP(RecordLookup) {
  MemoryStore store;
  FakeCrypto crypto;
  sync::RecordLookup lookup{store, crypto, kTenant};

  void setup() override {
    for (const auto& tenant : {store::kNode, kTenant, kOther}) {
      CHECK(store.create_tenant(tenant).has_value());
    }
  }

  void put(const domain::IdScope& tenant, Table table, const std::string& key, Bytes body,
           std::vector<store::IndexTerm> terms) {
    store::Change change;
    change.table = table;
    change.id = key;
    change.body = std::move(body);
    change.terms = std::move(terms);
    store::ChangeSet set;
    set.tenant = tenant;
    set.changes.push_back(std::move(change));
    CHECK(store::commit_one(store, std::move(set)).has_value());
  }
  void put_individual(const domain::IdScope& tenant, const std::string& name, const Bytes& der,
                      domain::ProvisioningStatus status) {
    domain::IndividualEnrollment record;
    record.registration_id = *domain::RegistrationId::parse(name);
    domain::X509Attestation x509;
    x509.primary = der;
    record.attestation = x509;
    record.provisioning.status = status;
    put(tenant, Table::individual_enrollment, record.registration_id.folded(), sync::encode(record),
        store::terms_of(record, crypto));
  }
  void put_group(const domain::IdScope& tenant, const std::string& name) {
    domain::EnrollmentGroup record;
    record.group_id = *domain::EnrollmentGroupId::parse(name);
    record.attestation = domain::SymmetricKeyAttestation{SecretBytes(to_bytes(name)), {}};
    put(tenant, Table::enrollment_group, record.group_id.folded(), sync::encode(record),
        store::terms_of(record, crypto));
  }
};

TEST(RecordLookup, FindsAnIndividualWhateverTheCaseAndOfItsTenantOnly) {
  put_individual(kTenant, "Dev-1", {1}, domain::ProvisioningStatus::enabled);
  put_individual(kOther, "dev-2", {2}, domain::ProvisioningStatus::enabled);
  CHECK((*lookup.individual(*domain::RegistrationId::parse("DEV-1"))).has_value());
  CHECK_FALSE((*lookup.individual(*domain::RegistrationId::parse("dev-2"))).has_value());
}

TEST(RecordLookup, BlocksACertificateThatADisabledEnrollmentNames) {
  put_individual(kTenant, "dev-1", {1}, domain::ProvisioningStatus::enabled);
  put_individual(kTenant, "dev-2", {2}, domain::ProvisioningStatus::disabled);
  CHECK_FALSE(*lookup.is_certificate_blocked(crypto.sha256(Bytes{1})));
  CHECK_TRUE(*lookup.is_certificate_blocked(crypto.sha256(Bytes{2})));
}

TEST(RecordLookup, BlocksWhatAStubOfAnotherSiteNames) {
  domain::RefusalStub stub;
  stub.registration_id = *domain::RegistrationId::parse("dev-1");
  put(kTenant, Table::refusal_stub, "dev-1", sync::encode(stub),
      {{store::Index::certificate_thumbprint, to_upper_hex(crypto.sha256(Bytes{1}))}});
  CHECK_TRUE(*lookup.is_blocked(stub.registration_id));
  CHECK_TRUE(*lookup.is_certificate_blocked(crypto.sha256(Bytes{1})));
  CHECK_FALSE(*lookup.is_blocked(*domain::RegistrationId::parse("dev-2")));
}

TEST(RecordLookup, AStubOfAnEnabledEnrollmentBlocksItsChipAlone) {
  domain::RefusalStub stub;
  stub.registration_id = *domain::RegistrationId::parse("dev-1");
  stub.is_enabled = true;
  put(kTenant, Table::refusal_stub, "dev-1", sync::encode(stub),
      {{store::Index::endorsement_key, to_hex(crypto.sha256(Bytes{1}))}});
  CHECK_FALSE(*lookup.is_blocked(stub.registration_id));
  CHECK_TRUE(*lookup.is_endorsement_key_blocked(crypto.sha256(Bytes{1})));
}

TEST(RecordLookup, GivesSymmetricGroupsInTheOrderOfTheirIdsAsEveryGatewayTriesThem) {
  for (const char* name : {"c", "A", "b"}) put_group(kTenant, name);
  put_group(kOther, "0");
  const auto groups = lookup.symmetric_groups();
  CHECK_EQUAL(3U, groups->size());
  STRCMP_EQUAL("A", (*groups)[0].group.str().c_str());
  STRCMP_EQUAL("b", (*groups)[1].group.str().c_str());
  STRCMP_EQUAL("c", (*groups)[2].group.str().c_str());
}

// A chip that an individual enrollment names is that enrollment's device, and no group's.
TEST(RecordLookup, AnyIndividualEnrollmentKeepsItsTpmOutOfGroups) {
  const Bytes key = to_bytes("an endorsement key");
  const auto hash = crypto.sha256(key);
  domain::IndividualEnrollment record;
  record.registration_id = *domain::RegistrationId::parse("press-1");
  record.attestation = domain::TpmAttestation{key, {}};
  const auto put_record = [&](const domain::IdScope& tenant) {
    put(tenant, Table::individual_enrollment, "press-1", sync::encode(record),
        store::terms_of(record, crypto));
  };
  put_record(kOther);
  CHECK_FALSE(*lookup.is_endorsement_key_blocked(hash));
  put_record(kTenant);
  CHECK_TRUE(*lookup.is_endorsement_key_blocked(hash));
}
