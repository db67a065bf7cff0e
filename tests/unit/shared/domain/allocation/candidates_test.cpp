#include "shared/domain/allocation/candidates.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::domain;

namespace {

LinkedHub hub(const std::string& id, const std::string& host_name) {
  LinkedHub linked;
  linked.hub_id = HubId(id);
  linked.host_name = host_name;
  return linked;
}

}  // namespace

TEST_GROUP(Candidates) {
  std::vector<LinkedHub> linked{hub("3", "c.test"), hub("1", "a.test"), hub("2", "b.test")};
  HubLatencies latencies;

  std::vector<Candidate> eligible(const std::vector<std::string>& names) {
    auto candidates = eligible_hubs(names, linked, latencies);
    CHECK_TRUE(candidates.has_value());
    return *candidates;
  }
  void check_none(const std::vector<std::string>& names, std::string_view reason) {
    const auto candidates = eligible_hubs(names, linked, latencies);
    CHECK_FALSE(candidates.has_value());
    if (candidates) return;
    CHECK_TRUE(candidates.error().code == Errc::no_hub);
    CHECK_TRUE(candidates.error().reason.find(reason) != std::string::npos);
  }
};

TEST(Candidates, AreAllLinkedHubsByIdIfNoneIsNamed) {
  const auto candidates = eligible({});
  CHECK_EQUAL(3, candidates.size());
  CHECK_TRUE(candidates[0].host_name == "a.test");
  CHECK_TRUE(candidates[2].host_name == "c.test");
}

TEST(Candidates, AreTheNamedHubsWhateverTheCase) {
  const auto candidates = eligible({"C.Test", "b.test"});
  CHECK_EQUAL(2, candidates.size());
  CHECK_TRUE(candidates[0].hub_id == HubId("2"));
  CHECK_TRUE(candidates[1].hub_id == HubId("3"));
}

TEST(Candidates, ANameThatIsNotLinkedIsAnErrorEvenBesideOneThatIs) {
  check_none({"a.test", "gone.test"}, "gone.test, which is not linked");
}

TEST(Candidates, HubsOutsideAllocationGetNothingEvenIfNamed) {
  linked[0].apply_allocation_policy = false;
  CHECK_EQUAL(2, eligible({}).size());
  CHECK_EQUAL(1, eligible({"a.test", "c.test"}).size());
  check_none({"c.test"}, "excluded from allocation");
}

TEST(Candidates, WithoutHubsThereAreNone) {
  linked.clear();
  check_none({}, "no hub is linked");
}

TEST(Candidates, CarryWeightAndLatency) {
  linked[1].allocation_weight = 7;
  latencies[HubId("1")] = std::chrono::microseconds{1500};
  const auto candidates = eligible({});
  CHECK_EQUAL(7, candidates[0].weight);
  CHECK_TRUE(candidates[0].latency == std::chrono::microseconds{1500});
  CHECK_FALSE(candidates[1].latency.has_value());
}

TEST(Candidates, WeightsStayWithinTheirRange) {
  linked[1].allocation_weight = 0;
  linked[2].allocation_weight = kMaxAllocationWeight + 1;
  const auto candidates = eligible({});
  CHECK_EQUAL(kMinAllocationWeight, candidates[0].weight);
  CHECK_EQUAL(kMaxAllocationWeight, candidates[1].weight);
}
