// What the simulated connection promises, as TCP does: an order that no partition changes.
#include "tools/sim/wire.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::sim;

TEST_GROUP(Wire) {
  static constexpr std::uint8_t kMessages = 100;

  // What arrives of one message a millisecond, while a partition comes and goes.
  static Bytes received_over_a_partition(std::uint64_t seed) {
    World world{seed, {}};
    const auto wire = std::make_shared<Wire>(world);
    Bytes received;
    wire->listen(
        Side::gateway, [](const Bytes&) {}, [] {});
    wire->listen(
        Side::coordinator, [&received](const Bytes& bytes) { append(received, bytes); }, [] {});
    for (std::uint8_t i = 0; i < kMessages; ++i) {
      world.scheduler.after(std::chrono::milliseconds(i),
                            [&wire, i] { wire->send(Side::gateway, Bytes{i}); });
    }
    world.scheduler.after(std::chrono::milliseconds(30), [&wire] { wire->hold(); });
    world.scheduler.after(std::chrono::milliseconds(70), [&wire] { wire->release(); });
    world.scheduler.run(std::chrono::seconds(10), [] {});
    return received;
  }
};

TEST(Wire, KeepsTheOrderOverAPartition) {
  Bytes sent;
  for (std::uint8_t i = 0; i < kMessages; ++i) sent.push_back(i);
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CHECK_TRUE(sent == received_over_a_partition(seed));
  }
}
