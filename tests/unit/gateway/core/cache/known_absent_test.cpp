#include "gateway/core/cache/known_absent.hpp"

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"

using namespace berth;
using gateway::KnownAbsent;

namespace {

const domain::IdScope kTenant("0ne00000001");

domain::RegistrationId id(const char* text) {
  return *domain::RegistrationId::parse(text);
}

}  // namespace

TEST_GROUP(KnownAbsent) {
  KnownAbsent absent_{2};
};

TEST(KnownAbsent, KnowsAnIdWithoutRegardToCaseAndByTenant) {
  absent_.add(kTenant, id("dev-1"));
  CHECK(absent_.contains(kTenant, id("DEV-1")));
  CHECK_FALSE(absent_.contains(kTenant, id("dev-2")));
  CHECK_FALSE(absent_.contains(domain::IdScope("0ne00000002"), id("dev-1")));
}

TEST(KnownAbsent, ForgetsTheOldestPastItsCapacity) {
  absent_.add(kTenant, id("dev-1"));
  absent_.add(kTenant, id("dev-2"));
  absent_.add(kTenant, id("dev-1"));
  CHECK(absent_.contains(kTenant, id("dev-1")));
  absent_.add(kTenant, id("dev-3"));
  CHECK_FALSE(absent_.contains(kTenant, id("dev-1")));
  CHECK(absent_.contains(kTenant, id("dev-2")));
  CHECK(absent_.contains(kTenant, id("dev-3")));
}

TEST(KnownAbsent, RemembersAsManyAsTheLimitSays) {
  KnownAbsent all;
  const auto number = [](std::size_t i) { return id(("dev-" + std::to_string(i)).c_str()); };
  for (std::size_t i = 0; i < gateway::kMaxKnownAbsent; ++i) all.add(kTenant, number(i));
  CHECK(all.contains(kTenant, number(0)));
  all.add(kTenant, number(gateway::kMaxKnownAbsent));
  CHECK_FALSE(all.contains(kTenant, number(0)));
  CHECK(all.contains(kTenant, number(1)));
}

TEST(KnownAbsent, ForgetsAllAtOnce) {
  absent_.add(kTenant, id("dev-1"));
  absent_.clear();
  CHECK_FALSE(absent_.contains(kTenant, id("dev-1")));
  absent_.add(kTenant, id("dev-1"));
  CHECK(absent_.contains(kTenant, id("dev-1")));
}
