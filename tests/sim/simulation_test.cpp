#include "tools/sim/simulation.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

#include <CppUTest/TestHarness.h>

#include "tests/sim/regression_seeds.hpp"

using namespace berth;
using namespace berth::sim;

namespace {

// Runs of all scenarios together; BERTH_SIM_SEEDS asks for another number.
constexpr std::uint64_t kRuns = 240;

std::uint64_t wanted_runs() {
  const char* const asked = std::getenv("BERTH_SIM_SEEDS");
  return asked == nullptr ? kRuns : std::strtoull(asked, nullptr, 10);
}

Report play_once(const std::string& scenario, std::uint64_t seed) {
  const auto report = play(scenario, seed);
  CHECK_TRUE(report.has_value());
  return *report;
}

void holds(const std::string& scenario, std::uint64_t seed) {
  const Report report = play_once(scenario, seed);
  if (!report.failure) return;
  const std::string text = "berth-sim --seed " + std::to_string(seed) + " --scenario " + scenario +
                           ": " + *report.failure;
  FAIL(text.c_str());
}

}  // namespace

TEST_GROUP(Simulation){};

TEST(Simulation, IsTheSameRunForTheSameSeed) {
  const Report one = play_once("storm", 7);
  const Report again = play_once("storm", 7);
  UNSIGNED_LONGLONGS_EQUAL(one.hash, again.hash);
  UNSIGNED_LONGLONGS_EQUAL(one.events, again.events);
  CHECK_TRUE(play_once("storm", 8).hash != one.hash);
}

TEST(Simulation, PrintsTheSameTraceWhetherItIsWatchedOrNot) {
  std::size_t lines = 0;
  const auto watched = play("swarm", 3, [&lines](const std::string&) { ++lines; });
  UNSIGNED_LONGLONGS_EQUAL(play_once("swarm", 3).hash, watched->hash);
  CHECK_TRUE(lines > 100);
}

TEST(Simulation, AssignsDevicesWhateverHappens) {
  for (const Scenario& scenario : scenarios())
    CHECK_TRUE(play_once(scenario.name, 1).assignments > 10);
}

TEST(Simulation, KnowsNoScenarioThatIsNotThere) {
  CHECK_FALSE(play("drought", 1).has_value());
}

TEST(Simulation, HoldsWhereItOnceDidNot) {
  for (const auto& known : testing::kRegressionSeeds) holds(known.scenario, known.seed);
}

// Seeds that differ between scenarios, so that no two runs draw alike.
TEST(Simulation, HoldsInEveryScenario) {
  const std::uint64_t runs = wanted_runs();
  CHECK_TRUE(runs > 0);
  for (std::uint64_t run = 0; run < runs; ++run) {
    holds(scenarios()[run % scenarios().size()].name, 1000 + run);
  }
}
