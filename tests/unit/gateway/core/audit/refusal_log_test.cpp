#include "gateway/core/audit/refusal_log.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"

using namespace berth;
using namespace berth::gateway;

namespace {

const domain::IdScope kTenant("0ne00000001");

Refused refused(Errc code = Errc::unauthorized, const domain::IdScope& tenant = kTenant) {
  Refused one;
  one.tenant = tenant;
  one.registration_id = "press-17";
  one.error = Error{code, "the key does not fit"};
  return one;
}

std::string field(const domain::AuditNote& note, const std::string& name) {
  for (const auto& one : note.fields) {
    if (one.name == name) return one.value;
  }
  return {};
}

}  // namespace

TEST_GROUP(RefusalLog) {
  RefusalLog log{MonotonicTime{0}};

  std::size_t told(std::size_t times, MonotonicTime now) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < times; ++i) count += log.add(refused(), now) ? 1 : 0;
    return count;
  }
};

TEST(RefusalLog, TellsOneByOneUpToItsRate) {
  CHECK_EQUAL(kRefusalBurst, told(kRefusalBurst, MonotonicTime{0}));
  CHECK_FALSE(log.has_counts());
  CHECK_EQUAL(0, told(1, MonotonicTime{0}));
  CHECK_TRUE(log.has_counts());
}

TEST(RefusalLog, TellsMoreAsTimePasses) {
  told(kRefusalBurst, MonotonicTime{0});
  CHECK_EQUAL(1, told(5, kRefusalInterval));
  CHECK_EQUAL(2, told(5, 3 * kRefusalInterval));
  CHECK_EQUAL(kRefusalBurst, told(2 * kRefusalBurst, 10'000 * kRefusalInterval));
}

TEST(RefusalLog, LeavesNoneOutOfItsCounts) {
  told(kRefusalBurst, MonotonicTime{0});
  told(1000, MonotonicTime{0});
  CHECK_FALSE(log.add(refused(Errc::disabled), MonotonicTime{0}).has_value());
  CHECK_TRUE(log.due(kRefusalSummaryInterval - MonotonicTime{1}).empty());
  const auto notes = log.due(kRefusalSummaryInterval);
  CHECK_EQUAL(2, notes.size());
  std::size_t sum = 0;
  for (const auto& note : notes) {
    STRCMP_EQUAL("refused", note.kind.c_str());
    sum += std::stoul(field(note, "count"));
  }
  CHECK_EQUAL(1001, sum);
  CHECK_TRUE(log.due(MonotonicTime::max()).empty());
}

TEST(RefusalLog, CountsSoManyKindsApartAndTheRestTogether) {
  told(kRefusalBurst, MonotonicTime{0});
  for (std::size_t i = 0; i <= kMaxRefusalKinds + 1; ++i) {
    log.count(refused(Errc::unauthorized, domain::IdScope("0ne" + std::to_string(i))));
  }
  CHECK_EQUAL(kMaxRefusalKinds + 1, log.due(MonotonicTime::max()).size());
}
