#include "coordinator/store/linked_hubs.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "tests/unit/coordinator/store/catalog_fixture.hpp"

using namespace berth;

namespace {

domain::LinkedHub hub(const std::string& id, const std::string& host_name) {
  domain::LinkedHub record;
  record.hub_id = domain::HubId(id);
  record.host_name = host_name;
  record.registry_url = "https://" + host_name;
  return record;
}

domain::HubCredential credential(const std::string& id, std::uint8_t key) {
  return {domain::HubId(id), "iothubowner", SecretBytes(Bytes(32, key))};
}

}  // namespace

TEST_GROUP(LinkedHubs) {
  berth::testing::CatalogFixture fixture;
  coordinator::LinkedHubs& hubs = fixture.catalog.hubs;
  const domain::IdScope& tenant = fixture.tenant;
};

TEST(LinkedHubs, KeepsHubAndCredentialTogether) {
  CHECK(hubs.put(tenant, hub("h1", "hub-a.test"), credential("h1", 1), 0).has_value());
  CHECK(hubs.credential(tenant, domain::HubId("h1"))->policy_key == SecretBytes(Bytes(32, 1)));
  CHECK(hubs.erase(tenant, domain::HubId("h1"), 1).has_value());
  CHECK_FALSE(hubs.find(tenant, domain::HubId("h1"))->has_value());
  CHECK(hubs.credential(tenant, domain::HubId("h1")).error().code == Errc::not_found);
}

TEST(LinkedHubs, KeepsTheCredentialOverAnUpdateWithoutOne) {
  const auto first = hubs.put(tenant, hub("h1", "hub-a.test"), credential("h1", 1), 0);
  domain::LinkedHub changed = first->record;
  changed.allocation_weight = 7;
  CHECK(hubs.put(tenant, changed, {}, 1).has_value());
  CHECK(hubs.credential(tenant, domain::HubId("h1"))->policy_key == SecretBytes(Bytes(32, 1)));
  CHECK_EQUAL(7U, (*hubs.find(tenant, domain::HubId("h1")))->record.allocation_weight);
}

TEST(LinkedHubs, LinksAHostNameOnceWhateverItsLetterCase) {
  CHECK(hubs.put(tenant, hub("h1", "hub-a.test"), credential("h1", 1), 0).has_value());
  CHECK(hubs.put(tenant, hub("h2", "HUB-A.test"), credential("h2", 1), 0).error().code ==
        Errc::already_exists);
  CHECK((*hubs.find_by_host_name(tenant, "Hub-A.TEST"))->record.hub_id == domain::HubId("h1"));
}

TEST(LinkedHubs, RefusesOneHubMoreThanTheQuota) {
  for (std::size_t i = 0; i < coordinator::Quotas{}.linked_hubs; ++i) {
    const std::string id = "h" + std::to_string(i);
    CHECK(hubs.put(tenant, hub(id, id + ".test"), credential(id, 1), 0).has_value());
  }
  CHECK(hubs.put(tenant, hub("more", "more.test"), credential("more", 1), 0).error().code ==
        Errc::forbidden);
  const auto stored = hubs.find(tenant, domain::HubId("h0"));
  CHECK(hubs.put(tenant, (*stored)->record, {}, (*stored)->version).has_value());
}

TEST(LinkedHubs, ShowsNoCredentialInTheChangeLog) {
  CHECK(hubs.put(tenant, hub("h1", "hub-a.test"), credential("h1", 1), 0).has_value());
  const auto log = fixture.store.changes(tenant, 0, 100);
  CHECK_FALSE(log->empty());
  for (const store::LogEntry& entry : *log) {
    CHECK(entry.table != store::Table::hub_credential);
  }
}
