#include "shared/store/sqlite/tenant_registry.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/unit/shared/store/sqlite/store_file.hpp"

using berth::Errc;
using namespace berth::store;

TEST_GROUP_BASE(TenantRegistry, StoreFile){};

TEST(TenantRegistry, ServesOtherTenantsWhenOnesKeysAreDamaged) {
  commit({put("dev-1", "x")}, kOther);
  store_.reset();
  edit("UPDATE tenant SET keys=randomblob(200) WHERE number=1");
  reopen();
  const auto record = store_->read(kTenant, kTable, "dev-1");
  CHECK_FALSE(record.has_value());
  CHECK(record.error().code == Errc::corrupt);
  CHECK(store_->create_tenant(kTenant).error().code == Errc::corrupt);
  CHECK_FALSE(store_->tenants().has_value());
  CHECK(store_->read(kOther, kTable, "dev-1").has_value());
}

TEST(TenantRegistry, KeepsTheSpellingThatATenantWasCreatedWith) {
  CHECK(store_->create_tenant(berth::domain::IdScope("0NEaa000001")).has_value());
  reopen();
  const auto names = store_->tenants();
  CHECK(names.has_value());
  CHECK(*names == (std::vector{kTenant, kOther}));
}

TEST(TenantRegistry, DoesNotTakeKeysFromAnotherRow) {
  store_.reset();
  edit("UPDATE tenant SET keys=(SELECT keys FROM tenant WHERE number=2) WHERE number=1");
  reopen();
  CHECK(store_->head(kTenant).error().code == Errc::corrupt);
  CHECK(store_->head(kOther).has_value());
}

TEST(TenantRegistry, ForgetsATenantWhoseKeysAreDamaged) {
  commit({put("dev-1", "x")});
  store_.reset();
  edit("UPDATE tenant SET keys=randomblob(200) WHERE number=1");
  reopen();
  CHECK(store_->erase_tenant(kTenant).has_value());
  CHECK(store_->create_tenant(kTenant).has_value());
  CHECK(body_of("dev-1") == "absent");
  CHECK(store_->tenants()->size() == 2);
  CHECK(is_sound());
}
