#include "tools/hub/device_table.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/support/temporary_folder.hpp"

using namespace berth;
using namespace berth::hub_server;

TEST_GROUP(DeviceTable) {
  testing::TemporaryFolder folder_;
  std::unique_ptr<DeviceTable> table_;

  void setup() override {
    reopen();
  }
  void reopen() {
    table_.reset();
    table_ = std::move(DeviceTable::open(folder_.file("hub.db"))).value();
  }
  void put(const std::string& hub, const std::string& id, bool enabled = true) {
    Device device;
    device.id = id;
    device.enabled = enabled;
    CHECK_TRUE(table_->put(hub, device).has_value());
  }
};

TEST(DeviceTable, FindsWhatWasPut) {
  put("a", "dev-1");
  STRCMP_EQUAL("dev-1", table_->find("a", "dev-1").value()->id.c_str());
  CHECK_FALSE(table_->find("a", "dev-2").value().has_value());
}

TEST(DeviceTable, KeepsHubsApart) {
  put("a", "dev-1");
  CHECK_FALSE(table_->find("b", "dev-1").value().has_value());
  LONGS_EQUAL(0, table_->count("b").value());
}

TEST(DeviceTable, KeepsIdsThatDifferInCaseApart) {
  put("a", "dev-1");
  CHECK_FALSE(table_->find("a", "DEV-1").value().has_value());
}

TEST(DeviceTable, KeepsDevicesOverARestart) {
  put("a", "dev-1");
  reopen();
  CHECK_TRUE(table_->find("a", "dev-1").value().has_value());
}

TEST(DeviceTable, ReplacesAndRemoves) {
  put("a", "dev-1");
  put("a", "dev-1", false);
  LONGS_EQUAL(1, table_->count("a").value());
  LONGS_EQUAL(1, table_->count_disabled("a").value());
  CHECK_TRUE(table_->remove("a", "dev-1").has_value());
  LONGS_EQUAL(0, table_->count("a").value());
}

TEST(DeviceTable, ListsInOrderFromAfterAnId) {
  put("a", "c");
  put("a", "a");
  put("a", "b");
  const auto devices = table_->list("a", "a", 1).value();
  LONGS_EQUAL(1, devices.size());
  STRCMP_EQUAL("b", devices[0].id.c_str());
}
