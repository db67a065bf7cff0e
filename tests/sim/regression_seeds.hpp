// Seeds that once found a bug, with what they found. A seed plays another run when the product or
// the simulator changes what it draws; the bug itself is kept out by its unit test.
#pragma once

#include <array>
#include <cstdint>

namespace berth::testing {

struct RegressionSeed {
  const char* scenario;
  std::uint64_t seed;
  const char* found;
};

inline constexpr std::array kRegressionSeeds = {
    RegressionSeed{"admin", 2,
                   "a registration told with a refusal, and of which nothing more was told"},
    RegressionSeed{"permits", 1, "the same"},
    RegressionSeed{"storm", 1, "the same"},
    RegressionSeed{"storm", 21,
                   "an identity that clean-up disabled and a partitioned gateway wanted"},
    RegressionSeed{"storm", 52, "the same"},
    RegressionSeed{"storm", 31, "a place that a gateway left without knowing of it"},
    RegressionSeed{"storm", 54, "an attempt that a restart cut off, and a throttling hub hid"},
    RegressionSeed{"swarm", 33, "keys that were rolled while a device waited for its hub"},
    RegressionSeed{"storm", 57, "the same"},
    RegressionSeed{"storm", 1011, "a late request that reached its hub after the clean-up"},
    RegressionSeed{"storm", 1229,
                   "an identity that a gateway wrote which knew less than the mover"},
    RegressionSeed{"storm", 98,
                   "a gateway's outcome that its own older one beat, its clock set back"},
    RegressionSeed{"storm", 155,
                   "a deletion that outlived what a gateway told later, its clock set back"},
    RegressionSeed{"storm", 281, "an identity that was disabled, and nobody could note it"},
    RegressionSeed{"allocation", 260,
                   "an identity that was taken up again between the two looks of its clean-up"},
    RegressionSeed{"moves", 174, "the same"},
    RegressionSeed{"moves", 115,
                   "a clean-up that another gateway's was faster than, four hours long"},
    RegressionSeed{"webhooks", 3, "the same"},
    RegressionSeed{"allocation", 58, "the same"},
    RegressionSeed{"swarm", 599,
                   "a message that overtook those which a partition held back: the simulator's"},
};

}  // namespace berth::testing
