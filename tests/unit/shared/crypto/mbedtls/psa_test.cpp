#include "shared/crypto/mbedtls/psa.hpp"

#include <thread>
#include <vector>

#include <CppUTest/TestHarness.h>

namespace berth {
namespace {

using crypto::mbedtls::PsaLock;

TEST_GROUP(Psa){};

TEST(Psa, OneThreadAtATimeHoldsIt) {
  int inside = 0;
  int most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 1000; ++turn) {
        const PsaLock lock;
        most = ++inside > most ? inside : most;
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  LONGS_EQUAL(1, most);
}

}  // namespace
}  // namespace berth
