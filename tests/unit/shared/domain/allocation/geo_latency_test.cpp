#include "shared/domain/allocation/geo_latency.hpp"

#include <set>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "tests/support/fake_crypto.hpp"

using namespace berth;
using namespace berth::domain;
using std::chrono::microseconds;

TEST_GROUP(GeoLatency) {
  testing::FakeCrypto crypto;
  GeoLatencyRules rules;
  std::vector<Candidate> hubs;
  std::optional<HubId> current;

  void add(const std::string& id, std::optional<int> micros) {
    std::optional<microseconds> latency;
    if (micros) latency = microseconds{*micros};
    hubs.push_back(Candidate{HubId(id), id + ".test", 1, latency});
  }
  // Which hubs some devices get.
  std::set<std::string> chosen() {
    std::set<std::string> found;
    for (int i = 0; i < 64; ++i) {
      const auto id = *RegistrationId::parse("dev-" + std::to_string(i));
      found.insert(choose_by_latency(id, hubs, current, rules, crypto).hub_id.str());
    }
    return found;
  }
};

TEST(GeoLatency, TakesTheLowest) {
  add("a", 90000);
  add("b", 20000);
  add("c", 30000);
  CHECK_TRUE(chosen() == std::set<std::string>{"b"});
}

TEST(GeoLatency, HashesWithinFiveMillisecondsOfALowLatency) {
  add("a", 1000);
  add("b", 6000);
  add("c", 6001);
  CHECK_TRUE((chosen() == std::set<std::string>{"a", "b"}));
}

TEST(GeoLatency, HashesWithinAFifthOfAHighLatency) {
  add("a", 100000);
  add("b", 120000);
  add("c", 120001);
  CHECK_TRUE((chosen() == std::set<std::string>{"a", "b"}));
}

TEST(GeoLatency, HubsThatWereNeverMeasuredComeLast) {
  add("a", std::nullopt);
  add("b", 900000);
  CHECK_TRUE(chosen() == std::set<std::string>{"b"});
}

TEST(GeoLatency, HashesAmongAllIfNoneWasMeasured) {
  add("a", std::nullopt);
  add("b", std::nullopt);
  CHECK_TRUE((chosen() == std::set<std::string>{"a", "b"}));
}

TEST(GeoLatency, ARegisteredDeviceStaysWithinBandPlusHysteresis) {
  add("a", 100000);
  add("b", 140000);
  current = HubId("b");
  CHECK_TRUE(chosen() == std::set<std::string>{"b"});
  hubs[1].latency = microseconds{140001};
  CHECK_TRUE(chosen() == std::set<std::string>{"a"});
}

TEST(GeoLatency, ARegisteredDeviceStaysWhereNobodyMeasured) {
  add("a", 1000);
  add("b", std::nullopt);
  current = HubId("b");
  CHECK_TRUE(chosen() == std::set<std::string>{"b"});
}

TEST(GeoLatency, ARegisteredDeviceWhoseHubIsNoCandidateIsAllocatedAnew) {
  add("a", 1000);
  add("b", 90000);
  current = HubId("gone");
  CHECK_TRUE(chosen() == std::set<std::string>{"a"});
}

TEST(GeoLatency, TheRulesMayBeChanged) {
  rules.least_tie_band = microseconds{0};
  rules.tie_band_percent = 0;
  add("a", 1000);
  add("b", 1001);
  CHECK_TRUE(chosen() == std::set<std::string>{"a"});
}

TEST_GROUP(SmoothedLatency){};

TEST(SmoothedLatency, BeginsWithTheFirstSampleAndMovesByAQuarter) {
  SmoothedLatency latency;
  CHECK_FALSE(latency.value().has_value());
  latency.add(microseconds{1000});
  CHECK_TRUE(latency.value() == microseconds{1000});
  latency.add(microseconds{2000});
  CHECK_TRUE(latency.value() == microseconds{1250});
  latency.add(microseconds{250});
  CHECK_TRUE(latency.value() == microseconds{1000});
}

TEST(SmoothedLatency, GoesOnFromARememberedValue) {
  SmoothedLatency latency(microseconds{400});
  latency.add(microseconds{0});
  CHECK_TRUE(latency.value() == microseconds{300});
}
