#include "gateway/core/device/address_rates.hpp"

#include <chrono>
#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::gateway;
using namespace std::chrono_literals;

TEST_GROUP(AddressRates){};

TEST(AddressRates, AnAddressMayDoSoManyAtOnceAndSoManyInASecond) {
  AddressRates rates(3, 2, 10);
  MonotonicTime now{100s};
  for (int i = 0; i < 3; ++i) CHECK_TRUE(rates.allow("a", now));
  CHECK_FALSE(rates.allow("a", now));
  now += 1s;
  CHECK_TRUE(rates.allow("a", now));
  CHECK_TRUE(rates.allow("a", now));
  CHECK_FALSE(rates.allow("a", now));
  now += 1h;
  for (int i = 0; i < 3; ++i) CHECK_TRUE(rates.allow("a", now));
  CHECK_FALSE(rates.allow("a", now));
}

TEST(AddressRates, OneAddressTakesNothingFromAnother) {
  AddressRates rates(1, 1, 10);
  CHECK_TRUE(rates.allow("a", MonotonicTime{0}));
  CHECK_FALSE(rates.allow("a", MonotonicTime{0}));
  CHECK_TRUE(rates.allow("b", MonotonicTime{0}));
}

TEST(AddressRates, SoManyAddressesAreCountedAndIdleOnesForgotten) {
  AddressRates rates(1, 1, 2);
  CHECK_TRUE(rates.allow("a", MonotonicTime{0s}));
  CHECK_TRUE(rates.allow("b", MonotonicTime{0s}));
  CHECK_FALSE(rates.allow("c", MonotonicTime{0s}));
  LONGS_EQUAL(2, rates.size());
  CHECK_TRUE(rates.allow("c", MonotonicTime{1s}));
  LONGS_EQUAL(1, rates.size());
}
