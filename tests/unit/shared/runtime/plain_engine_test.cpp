#include "shared/runtime/plain_engine.hpp"

#include <array>

#include <CppUTest/TestHarness.h>

using namespace berth;
using ports::TlsStatus;

TEST_GROUP(PlainEngine) {
  std::unique_ptr<ports::TlsEngine> engine_ = runtime::make_plain_context()->new_engine("");
};

TEST(PlainEngine, ReadsWhatWasFedInPieces) {
  engine_->feed(as_bytes("abc"));
  std::array<std::uint8_t, 2> into{};
  std::size_t count = 0;
  CHECK_TRUE(engine_->read(into, count) == TlsStatus::done);
  LONGS_EQUAL(2, count);
  CHECK_TRUE(engine_->read(into, count) == TlsStatus::done);
  LONGS_EQUAL(1, count);
  LONGS_EQUAL('c', into[0]);
  CHECK_TRUE(engine_->read(into, count) == TlsStatus::want_read);
}

TEST(PlainEngine, SendsWhatWasWrittenOnce) {
  std::size_t count = 0;
  CHECK_TRUE(engine_->write(as_bytes("abc"), count) == TlsStatus::done);
  LONGS_EQUAL(3, count);
  CHECK_TRUE(engine_->has_output());
  CHECK_TRUE(engine_->take_output() == to_bytes("abc"));
  CHECK_FALSE(engine_->has_output());
}
