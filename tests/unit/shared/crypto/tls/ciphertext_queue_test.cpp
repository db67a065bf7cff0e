#include "shared/crypto/tls/ciphertext_queue.hpp"

#include <array>

#include <CppUTest/TestHarness.h>

namespace berth::crypto::tls {
namespace {

TEST_GROUP(CiphertextQueue) {
  CiphertextQueue queue;
  std::array<std::uint8_t, 4> buffer{};
};

TEST(CiphertextQueue, GivesBackInOrder) {
  CHECK(queue.push(Bytes{1, 2, 3, 4, 5, 6}));
  LONGS_EQUAL(4, queue.pop(buffer));
  LONGS_EQUAL(1, buffer[0]);
  CHECK(queue.push(Bytes{7}));
  CHECK(queue.take_all() == (Bytes{5, 6, 7}));
  CHECK(queue.empty());
}

TEST(CiphertextQueue, GivesNothingWhenEmpty) {
  LONGS_EQUAL(0, queue.pop(buffer));
  CHECK(queue.take_all().empty());
}

TEST(CiphertextQueue, HoldsNoMoreThanItsBound) {
  CHECK(queue.push(Bytes(kMaxQueuedCiphertext)));
  CHECK(!queue.push(Bytes(1)));
  LONGS_EQUAL(kMaxQueuedCiphertext, queue.size());
  LONGS_EQUAL(4, queue.pop(buffer));
  CHECK(queue.push(Bytes(4)));
  CHECK(!queue.push(Bytes(1)));
}

}  // namespace
}  // namespace berth::crypto::tls
