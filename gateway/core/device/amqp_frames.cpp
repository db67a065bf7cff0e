#include "gateway/core/device/amqp_frames.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/core/device/amqp_types.hpp"
#include "gateway/core/limits.hpp"

namespace berth::gateway::amqp {
namespace {

constexpr std::array<std::uint8_t, 4> kMagic = {'A', 'M', 'Q', 'P'};
constexpr std::array<std::uint8_t, 8> kAmqpHeader = {'A', 'M', 'Q', 'P', 0, 1, 0, 0};
constexpr std::size_t kHeaderSize = 8;  // of a protocol header and of a frame
constexpr std::size_t kDoffUnit = 4;
constexpr std::uint8_t kAmqpType = 0;
constexpr std::uint8_t kSaslType = 1;
// The one performative that a payload follows (section 2.7.5).
constexpr std::uint64_t kTransfer = 0x14;

template <class Range>
bool is(ByteView bytes, const Range& wanted) {
  return std::equal(bytes.begin(), bytes.end(), std::begin(wanted), std::end(wanted));
}

UnitKind header_kind(ByteView header) {
  if (is(header, kSaslHeader)) return UnitKind::sasl_header;
  return is(header, kAmqpHeader) ? UnitKind::amqp_header : UnitKind::other_header;
}

std::size_t size_of(ByteView frame) {
  std::size_t size = 0;
  for (const std::uint8_t byte : frame.first(4)) size = size << 8U | byte;
  return size;
}

// The performative that a frame carries behind its header. Only AMQP frames may be empty: they say
// "still here".
Result<std::uint64_t> check_body(ByteView body, std::uint8_t type) {
  if (body.empty() && type == kAmqpType) return std::uint64_t{0};
  const Result<Value> value = read_value(body);
  if (!value) return value.error();
  const std::optional<Section> performative = section_of(*value);
  if (!performative || performative->value.kind != Kind::list) {
    return Error{Errc::malformed, "AMQP: a frame carries no performative"};
  }
  const bool has_payload = value->whole.size() < body.size();
  if (has_payload && (type != kAmqpType || performative->descriptor != kTransfer)) {
    return Error{Errc::malformed, "AMQP: a frame goes on behind its performative"};
  }
  return performative->descriptor;
}

}  // namespace

std::optional<Result<Unit>> FrameSplitter::next() {
  if (pending_.size() < kHeaderSize) return std::nullopt;
  const ByteView pending(pending_);
  const auto take = [this](UnitKind kind, std::size_t size,
                           std::uint64_t performative) -> Result<Unit> {
    const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(size);
    Unit unit{kind, Bytes(pending_.begin(), end), performative};
    pending_.erase(pending_.begin(), end);
    return unit;
  };
  // Read as a length, the magic is more than a gigabyte: no frame begins like that.
  if (is(pending.first(kMagic.size()), kMagic)) {
    return take(header_kind(pending.first(kHeaderSize)), kHeaderSize, 0);
  }
  const std::size_t size = size_of(pending);
  const std::size_t offset = pending[4] * kDoffUnit;
  const std::uint8_t type = pending[5];
  if (type != kAmqpType && type != kSaslType) {
    return Result<Unit>(Error{Errc::malformed, "AMQP: a frame of an unknown type"});
  }
  if (offset < kHeaderSize || size < offset) {
    return Result<Unit>(Error{Errc::malformed, "AMQP: a frame is shorter than its header says"});
  }
  if (size > (type == kSaslType ? kMaxAmqpSaslFrame : kMaxAmqpFrame)) {
    return Result<Unit>(Error{Errc::too_large, "AMQP: a frame is larger than agreed"});
  }
  if (pending.size() < size) return std::nullopt;
  const Result<std::uint64_t> checked = check_body(pending.subspan(offset, size - offset), type);
  if (!checked) return Result<Unit>(checked.error());
  return take(type == kSaslType ? UnitKind::sasl_frame : UnitKind::amqp_frame, size, *checked);
}

}  // namespace berth::gateway::amqp
