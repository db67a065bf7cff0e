// AMQP 1.0's type system (part 1, section 1.6), read in place and bounded: as much of it as a
// device's messages need. Everything that a device sends is checked here before the engine below
// the session (qpid-proton), which goes one stack frame deeper with every level, sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace berth::gateway::amqp {

enum class Kind : std::uint8_t {
  null,
  boolean,
  unsigned_number,
  other_fixed,  // signed, floating, decimal, time, UUID: nothing here asks for their value
  binary,
  string,
  symbol,
  list,
  map,
  array,
  described,
};

// One value, in the bytes that it was read from.
struct Value {
  Kind kind = Kind::null;
  ByteView whole;            // as encoded, with its constructor
  ByteView content;          // the bytes of binary, string and symbol; the items of list and map;
                             // descriptor and value of described
  std::uint64_t number = 0;  // of boolean and unsigned_number

  [[nodiscard]] std::string_view text() const { return as_text(content); }
};

// The value at the front of `bytes`. Errc::malformed if it, or anything inside it, does not parse
// or says a length that is not there; Errc::too_large if it nests deeper or holds more values than
// the limits allow.
[[nodiscard]] Result<Value> read_value(ByteView bytes);

// The next of the values that stand one behind the other in `items`, the content of a value that
// read_value() gave; none at its end.
[[nodiscard]] std::optional<Value> next_item(ByteView& items);

// The value under a string or symbol key of a map.
[[nodiscard]] std::optional<Value> find_key(const Value& map, std::string_view key);

// The number that a described value is described by, and the value.
struct Section {
  std::uint64_t descriptor = 0;
  Value value;
};
// None if `value` is not described by a number.
[[nodiscard]] std::optional<Section> section_of(const Value& value);

// ---- Writing ----

void put_descriptor(Bytes& to, std::uint8_t descriptor);
void put_null(Bytes& to);
void put_int(Bytes& to, std::int32_t value);
void put_string(Bytes& to, std::string_view text);
void put_binary(Bytes& to, ByteView bytes);
// `items` are `count` encoded values; for a map, keys and values in turn.
void put_list(Bytes& to, std::uint32_t count, ByteView items);
void put_map(Bytes& to, std::uint32_t count, ByteView items);

}  // namespace berth::gateway::amqp
