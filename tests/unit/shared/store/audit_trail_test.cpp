// What the chain does in a store is tested on every engine, in tests/conformance/store.
#include "shared/store/audit_trail.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/memory_store.hpp"

using namespace berth;
using namespace berth::store;

TEST_GROUP(AuditTrail) {
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  berth::testing::FakeClock clock;
  berth::testing::FakeEntropy entropy;
  berth::testing::MemoryStore store;
  AuditTrail trail{"node-1", *crypto, clock, entropy};

  void setup() override {
    CHECK(store.create_tenant(kNode).has_value());
  }
};

TEST(AuditTrail, NamesRecordsSoThatTheyStandInOrder) {
  STRCMP_EQUAL("node-1/00000000000000000012", segment_id("node-1", 12).c_str());
  domain::AuditSeal seal;
  seal.chain = "node-1";
  seal.signer = "node-2";
  seal.signed_at = from_unix_seconds(1767225600);
  STRCMP_EQUAL("node-1/node-2/2026-01-01", seal_id(seal).c_str());
}

TEST(AuditTrail, AppendsNothingForNoNotes) {
  const auto set = trail.append(store, {});
  CHECK_TRUE(set.has_value());
  CHECK_TRUE(set->changes.empty());
}

TEST(AuditTrail, SaysThatASegmentIsMissing) {
  CHECK_TRUE(read_segment(store, "node-1", 1).error().code == Errc::corrupt);
}

TEST(AuditTrail, PassesOnThatTheStoreCannotBeRead) {
  store.fail_next(Errc::io);
  CHECK_TRUE(trail.append(store, {{}, {}}).error().code == Errc::io);
}

TEST(AuditTrail, DoesNotPruneWhatWasNeverWritten) {
  const auto set = prune_chain(store, "node-1", 7, *crypto);
  CHECK_TRUE(set.has_value());
  CHECK_TRUE(set->changes.empty());
}
