// Where a chain stands in a store: what was appended, and what of it is still kept.
#pragma once

#include <cstdint>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/audit/chain.hpp"

namespace berth::domain {

struct AuditChainState {
  AuditPosition head;
  // Segments are numbered from 1; kept are those from `first_segment` up to, not including,
  // `next_segment`.
  std::uint64_t first_segment = 1;
  std::uint64_t next_segment = 1;
  // What the first kept entry follows.
  AuditPosition pruned;

  friend bool operator==(const AuditChainState&, const AuditChainState&) = default;
};

[[nodiscard]] Bytes encode_chain_state(const AuditChainState& state);
[[nodiscard]] Result<AuditChainState> decode_chain_state(ByteView encoded);

}  // namespace berth::domain
