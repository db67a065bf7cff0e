#include "shared/base/secret_bytes.hpp"

#include <utility>

#include <CppUTest/TestHarness.h>

using namespace berth;

TEST_GROUP(SecretBytes){};

TEST(SecretBytes, ComparesByContent) {
  const auto a = SecretBytes::copy_of(as_bytes("key"));
  CHECK(a == SecretBytes::copy_of(as_bytes("key")));
  CHECK_FALSE(a == SecretBytes::copy_of(as_bytes("kex")));
  CHECK_FALSE(a == SecretBytes::copy_of(as_bytes("keys")));
}

TEST(SecretBytes, LeavesNothingBehindWhenMovedFrom) {
  auto a = SecretBytes::copy_of(as_bytes("key"));
  const SecretBytes b = std::move(a);
  CHECK(b.size() == 3);
  CHECK(a.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
}

TEST(SecretBytes, WipeOverwritesEveryByte) {
  Bytes bytes{1, 2, 3};
  wipe(bytes);
  CHECK(bytes == Bytes(3, 0));
}
