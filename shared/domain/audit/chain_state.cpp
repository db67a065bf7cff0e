#include "shared/domain/audit/chain_state.hpp"

#include <algorithm>

#include "shared/base/fields.hpp"

namespace berth::domain {
namespace {

constexpr std::uint8_t kStateFormat = 1;

void write(FieldWriter& writer, const AuditPosition& position) {
  writer.u64(position.sequence).raw(position.hash);
  writer.u64(static_cast<std::uint64_t>(unix_micros(position.time)));
}

void read(FieldReader& reader, AuditPosition& position) {
  position.sequence = reader.u64();
  const ByteView hash = reader.raw(position.hash.size());
  if (reader.ok()) std::copy(hash.begin(), hash.end(), position.hash.begin());
  position.time = from_unix_micros(static_cast<std::int64_t>(reader.u64()));
}

}  // namespace

Bytes encode_chain_state(const AuditChainState& state) {
  FieldWriter writer;
  writer.u8(kStateFormat);
  write(writer, state.head);
  writer.u64(state.first_segment).u64(state.next_segment);
  write(writer, state.pruned);
  return writer.take();
}

Result<AuditChainState> decode_chain_state(ByteView encoded) {
  FieldReader reader(encoded);
  AuditChainState state;
  const bool is_known = reader.u8() == kStateFormat;
  read(reader, state.head);
  state.first_segment = reader.u64();
  state.next_segment = reader.u64();
  read(reader, state.pruned);
  if (!is_known || !reader.at_end() || state.first_segment > state.next_segment) {
    return Error{Errc::corrupt, "the state of an audit chain can't be read"};
  }
  return state;
}

}  // namespace berth::domain
