#include "shared/runtime/signals.hpp"

#include <csignal>

#include <CppUTest/TestHarness.h>

#include "tests/support/loop.hpp"

using berth::runtime::Signals;

TEST_GROUP(Signals) {
  berth::testing::Loop loop_;
  int stops_ = 0;
  int reloads_ = 0;

  std::unique_ptr<Signals> listen() {
    return std::make_unique<Signals>(
        loop_.executor(), [this] { ++stops_; }, [this] { ++reloads_; });
  }
};

TEST(Signals, StopOnSigtermAndLetTheLoopEnd) {
  const auto signals = listen();
  std::raise(SIGTERM);
  loop_.drain();
  LONGS_EQUAL(1, stops_);
  LONGS_EQUAL(0, reloads_);
}

TEST(Signals, StopOnSigint) {
  const auto signals = listen();
  std::raise(SIGINT);
  loop_.drain();
  LONGS_EQUAL(1, stops_);
}

TEST(Signals, ReloadOnEverySighupAndGoOnListening) {
  const auto signals = listen();
  std::raise(SIGHUP);
  loop_.io().restart();
  while (reloads_ < 1) loop_.io().run_one();
  std::raise(SIGHUP);
  while (reloads_ < 2) loop_.io().run_one();
  std::raise(SIGTERM);
  loop_.drain();
  LONGS_EQUAL(2, reloads_);
  LONGS_EQUAL(1, stops_);
}

TEST(Signals, LetTheLoopEndWhenClosed) {
  const auto signals = listen();
  signals->close();
  loop_.drain();
  LONGS_EQUAL(0, stops_);
}
