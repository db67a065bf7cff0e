#include "gateway/linux/descriptors.hpp"

#include <sys/resource.h>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"

using namespace berth;
using gateway::kReservedDescriptors;

TEST_GROUP(Descriptors) {
  rlimit before_{};

  void setup() override {
    getrlimit(RLIMIT_NOFILE, &before_);
  }
  void teardown() override {
    setrlimit(RLIMIT_NOFILE, &before_);
  }

  // What the process may have now, and may raise it to.
  void limit(rlim_t now) {
    rlimit limited = before_;
    limited.rlim_cur = now;
    setrlimit(RLIMIT_NOFILE, &limited);
  }
};

TEST(Descriptors, AreRaisedAsFarAsTheSystemAllows) {
  limit(512);
  LONGS_EQUAL(1000, gateway::allow_connections(1000));
  rlimit now{};
  getrlimit(RLIMIT_NOFILE, &now);
  CHECK_TRUE(now.rlim_cur == before_.rlim_max);
}

TEST(Descriptors, AllowAsManyConnectionsAsAreLeftAndNotOneMore) {
  const std::size_t left = before_.rlim_max - kReservedDescriptors;
  LONGS_EQUAL(left, gateway::allow_connections(left));
  LONGS_EQUAL(left, gateway::allow_connections(left + 1));
}
