#include "shared/domain/audit/chain_state.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::domain;

TEST_GROUP(AuditChainState){AuditChainState sample(){AuditChainState state;
state.head.sequence = 12;
state.head.hash.fill(0xAB);
state.head.time = from_unix_seconds(1767225600);
state.first_segment = 3;
state.next_segment = 9;
state.pruned.sequence = 4;
state.pruned.hash.fill(0xCD);
return state;
}
}
;

TEST(AuditChainState, IsReadBackAsItWasWritten) {
  const auto read = decode_chain_state(encode_chain_state(sample()));
  CHECK_TRUE(read.has_value());
  CHECK_TRUE(*read == sample());
}

TEST(AuditChainState, IsRefusedCutShortAnywhere) {
  const Bytes whole = encode_chain_state(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(decode_chain_state(ByteView(whole).first(size)).has_value());
  }
}

TEST(AuditChainState, IsRefusedWithSegmentsThatEndBeforeTheyBegin) {
  AuditChainState state = sample();
  state.first_segment = 10;
  CHECK_FALSE(decode_chain_state(encode_chain_state(state)).has_value());
}
