#include "gateway/core/registration/operations.hpp"

#include <array>
#include <string>

#include "tests/unit/gateway/core/registration/engine_bench.hpp"

using namespace berth;
using namespace berth::gateway;
using berth::testing::rid;

namespace {

constexpr const char* kGuid = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

OperationRef ref(const std::string& id) {
  return OperationRef{domain::IdScope("0ne00LAB001"), rid(id), 1};
}

}  // namespace

TEST_GROUP(OperationId){};

TEST(OperationId, HashesADeviceWhateverTheCase) {
  CHECK_TRUE(device_hash("0ne00LAB001", "Dev-1") == device_hash("0NE00lab001", "dEV-1"));
  CHECK_TRUE(device_hash("0ne00LAB001", "dev-1") != device_hash("0ne00LAB001", "dev-2"));
  CHECK_TRUE(device_hash("0ne00LAB001", "dev-1") != device_hash("0ne00LAB002", "dev-1"));
}

// A published value: gateways of different builds place and name devices alike.
TEST(OperationId, HashesToAFixedValue) {
  STRCMP_EQUAL("5.cfa8629911e97a51.7c9e6679-7425-40de-944b-e07fc1f90ae7",
               make_operation_id(device_hash("0ne00LAB001", "edge-gw.01"), kGuid).c_str());
}

TEST(OperationId, SpreadsDevicesEvenlyOverFewShards) {
  std::array<int, 4> shards{};
  for (int i = 0; i < 4000; ++i) {
    ++shards[device_hash("0ne00LAB001", "dev-" + std::to_string(i)) % shards.size()];
  }
  for (const int count : shards) {
    CHECK_TRUE(count > 850);
    CHECK_TRUE(count < 1150);
  }
}

TEST(OperationId, ReadsWhatItWrote) {
  const std::uint64_t hash = 0x0123'4567'89AB'CDEF;
  const std::string id = make_operation_id(hash, kGuid);
  STRCMP_EQUAL("5.0123456789abcdef.7c9e6679-7425-40de-944b-e07fc1f90ae7", id.c_str());
  const auto parts = parse_operation_id(id);
  CHECK_TRUE(parts.has_value());
  CHECK_TRUE(parts->device_hash == hash);
  STRCMP_EQUAL(kGuid, parts->guid.c_str());
}

TEST(OperationId, ReadsNothingElse) {
  for (const char* text : {"", "5.", "dev-1.7c9e6679-7425-40de-944b-e07fc1f90ae7",
                           "4.0123456789abcdef.7c9e6679-7425-40de-944b-e07fc1f90ae7",
                           "5.0123456789abcde.7c9e6679-7425-40de-944b-e07fc1f90ae7",
                           "5.0123456789abcdeg.7c9e6679-7425-40de-944b-e07fc1f90ae7",
                           "5.0123456789abcdef-7c9e6679-7425-40de-944b-e07fc1f90ae7",
                           "5.0123456789abcdef.7c9e6679-7425-40de-944b-e07fc1f90ae",
                           "5.0123456789abcdef.7c9e6679-7425-40de-944b-e07fc1f90ae77",
                           "5.0123456789abcdef.7c9e6679x7425-40de-944b-e07fc1f90ae7",
                           "5.0123456789abcdef.zc9e6679-7425-40de-944b-e07fc1f90ae7"}) {
    CHECK_FALSE_TEXT(parse_operation_id(text).has_value(), text);
  }
}

TEST_GROUP(OperationTable) {
  OperationTable table{2};
};

TEST(OperationTable, FindsADeviceWhateverTheCase) {
  CHECK_TRUE(table.open(ref("Dev-1")) != nullptr);
  CHECK_TRUE(table.find(domain::IdScope("0ne00LAB001"), rid("dEV-1")) != nullptr);
  CHECK_TRUE(table.find(domain::IdScope("0ne00LAB002"), rid("dev-1")) == nullptr);
}

TEST(OperationTable, HasRoomUpToItsCapacityAndNotBeyond) {
  CHECK_TRUE(table.open(ref("dev-1")) != nullptr);
  CHECK_TRUE(table.open(ref("dev-2")) != nullptr);
  CHECK_TRUE(table.open(ref("dev-3")) == nullptr);
  LONGS_EQUAL(2, table.size());
}

TEST(OperationTable, MakesRoomByTheFinishedOperationNearestToBeingForgotten) {
  for (const auto& [id, at] : {std::pair{"dev-1", 20}, std::pair{"dev-2", 10}}) {
    Operation* const operation = table.open(ref(id));
    operation->state = OperationState::assigned;
    table.wake_at(*operation, std::chrono::seconds{at});
  }
  CHECK_TRUE(table.open(ref("dev-3")) != nullptr);
  CHECK_TRUE(table.find(domain::IdScope("0ne00LAB001"), rid("dev-1")) != nullptr);
  CHECK_TRUE(table.find(domain::IdScope("0ne00LAB001"), rid("dev-2")) == nullptr);
}

TEST(OperationTable, ReplacesAFinishedOperationOfTheSameDevice) {
  Operation* const first = table.open(ref("dev-1"));
  first->state = OperationState::failed;
  table.wake_at(*first, std::chrono::seconds{5});
  Operation* const second = table.open(ref("dev-1"));
  CHECK_TRUE(second->state == OperationState::journaling_intent);
  LONGS_EQUAL(1, table.size());
  CHECK_FALSE(table.next_wake().has_value());
}

TEST(OperationTable, GivesWhatIsDueOnceAndInOrder) {
  Operation* const late = table.open(ref("dev-1"));
  late->state = OperationState::waiting_to_apply;
  table.wake_at(*late, std::chrono::seconds{9});
  Operation* const early = table.open(ref("dev-2"));
  early->state = OperationState::waiting_to_apply;
  table.wake_at(*early, std::chrono::seconds{8});
  table.wake_at(*early, std::chrono::seconds{3});
  CHECK_TRUE(table.next_wake() == std::chrono::seconds{3});
  CHECK_TRUE(table.take_due(std::chrono::seconds{2}) == nullptr);
  CHECK_TRUE(table.take_due(std::chrono::seconds{9}) == early);
  CHECK_TRUE(table.take_due(std::chrono::seconds{9}) == late);
  CHECK_TRUE(table.take_due(std::chrono::seconds{9}) == nullptr);
  CHECK_FALSE(table.next_wake().has_value());
}

TEST(OperationTable, ReopensPastItsCapacity) {
  CHECK_TRUE(table.open(ref("dev-1")) != nullptr);
  CHECK_TRUE(table.open(ref("dev-2")) != nullptr);
  table.reopen(ref("dev-3"));
  LONGS_EQUAL(3, table.size());
}
