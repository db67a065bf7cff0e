#include "gateway/core/device/amqp_types.hpp"

#include <algorithm>
#include <limits>

#include "gateway/core/limits.hpp"

namespace berth::gateway::amqp {
namespace {

// Format codes, by what they say of themselves (section 1.2): the upper half is the width, the
// lower the type.
constexpr std::uint8_t kDescribed = 0x00;
constexpr std::uint8_t kNull = 0x40;
constexpr std::uint8_t kTrue = 0x41;
constexpr std::uint8_t kFalse = 0x42;
constexpr std::uint8_t kUint0 = 0x43;
constexpr std::uint8_t kUlong0 = 0x44;
constexpr std::uint8_t kList0 = 0x45;
constexpr std::uint8_t kUbyte = 0x50;
constexpr std::uint8_t kSmallUint = 0x52;
constexpr std::uint8_t kSmallUlong = 0x53;
constexpr std::uint8_t kSmallInt = 0x54;
constexpr std::uint8_t kBoolean = 0x56;
constexpr std::uint8_t kUshort = 0x60;
constexpr std::uint8_t kUint = 0x70;
constexpr std::uint8_t kInt = 0x71;
constexpr std::uint8_t kUlong = 0x80;
constexpr std::uint8_t kVbin8 = 0xA0;
constexpr std::uint8_t kVbin32 = 0xB0;
constexpr std::uint8_t kStr8 = 0xA1;
constexpr std::uint8_t kStr32 = 0xB1;
constexpr std::uint8_t kList32 = 0xD0;
constexpr std::uint8_t kMap32 = 0xD1;

enum class Width : std::uint8_t { fixed, variable, compound, array };

struct Format {
  Width width = Width::fixed;
  std::size_t size = 0;  // of a fixed value, or of each of the fields that say the others' size
  Kind kind = Kind::other_fixed;
};

// Every format code that section 1.6 defines; nullopt for the others.
std::optional<Format> format_of(std::uint8_t code) {
  switch (code) {
    case kNull: return Format{Width::fixed, 0, Kind::null};
    case kTrue:
    case kFalse: return Format{Width::fixed, 0, Kind::boolean};
    case kUint0:
    case kUlong0: return Format{Width::fixed, 0, Kind::unsigned_number};
    case kList0: return Format{Width::fixed, 0, Kind::list};
    case kUbyte:
    case kSmallUint:
    case kSmallUlong: return Format{Width::fixed, 1, Kind::unsigned_number};
    case kBoolean: return Format{Width::fixed, 1, Kind::boolean};
    case 0x51:
    case kSmallInt:
    case 0x55: return Format{Width::fixed, 1, Kind::other_fixed};
    case kUshort: return Format{Width::fixed, 2, Kind::unsigned_number};
    case 0x61: return Format{Width::fixed, 2, Kind::other_fixed};
    case kUint: return Format{Width::fixed, 4, Kind::unsigned_number};
    case kInt:
    case 0x72:
    case 0x73:
    case 0x74: return Format{Width::fixed, 4, Kind::other_fixed};
    case kUlong: return Format{Width::fixed, 8, Kind::unsigned_number};
    case 0x81:
    case 0x82:
    case 0x83:
    case 0x84: return Format{Width::fixed, 8, Kind::other_fixed};
    case 0x94:
    case 0x98: return Format{Width::fixed, 16, Kind::other_fixed};
    case kVbin8: return Format{Width::variable, 1, Kind::binary};
    case kVbin32: return Format{Width::variable, 4, Kind::binary};
    case kStr8: return Format{Width::variable, 1, Kind::string};
    case kStr32: return Format{Width::variable, 4, Kind::string};
    case 0xA3: return Format{Width::variable, 1, Kind::symbol};
    case 0xB3: return Format{Width::variable, 4, Kind::symbol};
    case 0xC0: return Format{Width::compound, 1, Kind::list};
    case kList32: return Format{Width::compound, 4, Kind::list};
    case 0xC1: return Format{Width::compound, 1, Kind::map};
    case kMap32: return Format{Width::compound, 4, Kind::map};
    case 0xE0: return Format{Width::array, 1, Kind::array};
    case 0xF0: return Format{Width::array, 4, Kind::array};
    default: return std::nullopt;
  }
}

std::uint64_t big_endian(ByteView bytes) {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8U | byte;
  return number;
}

Error malformed(const char* what) {
  return Error{Errc::malformed, std::string("AMQP: ") + what};
}

// Walks a value and all that is in it.
class Reader {
 public:
  Result<Value> value(ByteView bytes, int depth) {
    const Result<void> counted = count(depth);
    if (!counted) return counted.error();
    if (bytes.empty()) return malformed("a value is missing");
    if (bytes.front() == kDescribed) return described(bytes, depth);
    Result<Value> body = body_of(bytes.front(), bytes.subspan(1), depth);
    if (body) body->whole = bytes.first(body->whole.size() + 1);
    return body;
  }

 private:
  Result<void> count(int depth) {
    if (depth > kMaxAmqpDepth) return Error{Errc::too_large, "AMQP: values nest too deep"};
    if (++values_ > kMaxAmqpValues) return Error{Errc::too_large, "AMQP: too many values"};
    return {};
  }

  Result<Value> described(ByteView bytes, int depth) {
    const ByteView inside = bytes.subspan(1);
    const Result<Value> descriptor = value(inside, depth + 1);
    if (!descriptor) return descriptor.error();
    // A descriptor with a descriptor means nothing that anybody sends.
    if (descriptor->kind == Kind::described) return malformed("a descriptor is described");
    const std::size_t first = descriptor->whole.size();
    const Result<Value> what = value(inside.subspan(first), depth + 1);
    if (!what) return what.error();
    const std::size_t size = first + what->whole.size();
    return Value{Kind::described, bytes.first(1 + size), inside.first(size), 0};
  }

  // The value behind a constructor; its `whole` is without the constructor.
  Result<Value> body_of(std::uint8_t code, ByteView bytes, int depth) {
    const std::optional<Format> format = format_of(code);
    if (!format) return malformed("an unknown format code");
    switch (format->width) {
      case Width::fixed: {
        if (bytes.size() < format->size) return malformed("a value is cut off");
        const ByteView content = bytes.first(format->size);
        Value value{format->kind, content, {}, 0};
        if (value.kind == Kind::unsigned_number) value.number = big_endian(content);
        if (value.kind == Kind::boolean) {
          value.number = content.empty() ? (code == kTrue ? 1U : 0U) : content.front();
        }
        return value;
      }
      case Width::variable: {
        const Result<ByteView> content = sized(bytes, format->size);
        if (!content) return content.error();
        return Value{format->kind, bytes.first(format->size + content->size()), *content, 0};
      }
      case Width::compound: {
        const Result<ByteView> inside = sized(bytes, format->size);
        if (!inside) return inside.error();
        const Result<ByteView> items = compound(*inside, *format, depth);
        if (!items) return items.error();
        return Value{format->kind, bytes.first(format->size + inside->size()), *items, 0};
      }
      case Width::array: {
        const Result<ByteView> inside = sized(bytes, format->size);
        if (!inside) return inside.error();
        const Result<void> checked = array(*inside, format->size, depth);
        if (!checked) return checked.error();
        return Value{format->kind, bytes.first(format->size + inside->size()), *inside, 0};
      }
    }
    return malformed("an unknown format code");
  }

  // What follows a field of `width` bytes that says how much it is.
  static Result<ByteView> sized(ByteView bytes, std::size_t width) {
    if (bytes.size() < width) return malformed("a length is cut off");
    const std::uint64_t size = big_endian(bytes.first(width));
    bytes = bytes.subspan(width);
    if (size > bytes.size()) return malformed("a length goes past the end");
    return bytes.first(static_cast<std::size_t>(size));
  }

  // Takes the number of items off the front.
  static Result<std::uint64_t> take_count(ByteView& inside, std::size_t width) {
    if (inside.size() < width) return malformed("a count is cut off");
    const std::uint64_t count = big_endian(inside.first(width));
    inside = inside.subspan(width);
    return count;
  }

  Result<ByteView> compound(ByteView inside, const Format& format, int depth) {
    const Result<std::uint64_t> items = take_count(inside, format.size);
    if (!items) return items.error();
    if (format.kind == Kind::map && *items % 2 != 0) return malformed("a map's key has no value");
    ByteView rest = inside;
    for (std::uint64_t i = 0; i < *items; ++i) {
      const Result<Value> item = value(rest, depth + 1);
      if (!item) return item.error();
      rest = rest.subspan(item->whole.size());
    }
    if (!rest.empty()) return malformed("a length covers more than its items");
    return inside;
  }

  // Elements share one constructor, and may be of no width: their number counts against the limit
  // before there is one.
  Result<void> array(ByteView inside, std::size_t width, int depth) {
    const Result<std::uint64_t> items = take_count(inside, width);
    if (!items) return items.error();
    if (!inside.empty() && inside.front() == kDescribed) {
      const Result<Value> descriptor = value(inside.subspan(1), depth + 1);
      if (!descriptor) return descriptor.error();
      if (descriptor->kind == Kind::described) return malformed("a descriptor is described");
      inside = inside.subspan(1 + descriptor->whole.size());
    }
    if (inside.empty()) return malformed("an array has no constructor");
    const std::uint8_t code = inside.front();
    inside = inside.subspan(1);
    for (std::uint64_t i = 0; i < *items; ++i) {
      const Result<void> counted = count(depth + 1);
      if (!counted) return counted.error();
      const Result<Value> element = body_of(code, inside, depth + 1);
      if (!element) return element.error();
      inside = inside.subspan(element->whole.size());
    }
    if (!inside.empty()) return malformed("a length covers more than its items");
    return {};
  }

  std::size_t values_ = 0;
};

void put_number(Bytes& to, std::uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) {
    to.push_back(static_cast<std::uint8_t>(number >> (8 * static_cast<unsigned>(i))));
  }
}

// Short where it fits.
void put_sized(Bytes& to, std::uint8_t short_code, std::uint8_t long_code, ByteView bytes) {
  if (bytes.size() <= std::numeric_limits<std::uint8_t>::max()) {
    to.push_back(short_code);
    put_number(to, bytes.size(), 1);
  } else {
    to.push_back(long_code);
    put_number(to, bytes.size(), 4);
  }
  append(to, bytes);
}

void put_compound(Bytes& to, std::uint8_t code, std::uint32_t count, ByteView items) {
  to.push_back(code);
  put_number(to, items.size() + sizeof(count), 4);
  put_number(to, count, 4);
  append(to, items);
}

}  // namespace

Result<Value> read_value(ByteView bytes) {
  return Reader().value(bytes, 1);
}

std::optional<Value> next_item(ByteView& items) {
  if (items.empty()) return std::nullopt;
  const Result<Value> value = read_value(items);
  if (!value) return std::nullopt;
  items = items.subspan(value->whole.size());
  return *value;
}

std::optional<Value> find_key(const Value& map, std::string_view key) {
  if (map.kind != Kind::map) return std::nullopt;
  ByteView items = map.content;
  while (const std::optional<Value> name = next_item(items)) {
    const std::optional<Value> value = next_item(items);
    const bool is_name = name->kind == Kind::string || name->kind == Kind::symbol;
    if (is_name && name->text() == key) return value;
  }
  return std::nullopt;
}

std::optional<Section> section_of(const Value& value) {
  if (value.kind != Kind::described) return std::nullopt;
  ByteView items = value.content;
  const std::optional<Value> descriptor = next_item(items);
  if (!descriptor || descriptor->kind != Kind::unsigned_number) return std::nullopt;
  const std::optional<Value> what = next_item(items);
  if (!what) return std::nullopt;
  return Section{descriptor->number, *what};
}

void put_descriptor(Bytes& to, std::uint8_t descriptor) {
  to.push_back(kDescribed);
  to.push_back(kSmallUlong);
  to.push_back(descriptor);
}

void put_null(Bytes& to) {
  to.push_back(kNull);
}

void put_int(Bytes& to, std::int32_t value) {
  const bool is_small = value >= std::numeric_limits<std::int8_t>::min() &&
                        value <= std::numeric_limits<std::int8_t>::max();
  to.push_back(is_small ? kSmallInt : kInt);
  put_number(to, static_cast<std::uint32_t>(value), is_small ? 1 : 4);
}

void put_string(Bytes& to, std::string_view text) {
  put_sized(to, kStr8, kStr32, as_bytes(text));
}

void put_binary(Bytes& to, ByteView bytes) {
  put_sized(to, kVbin8, kVbin32, bytes);
}

void put_list(Bytes& to, std::uint32_t count, ByteView items) {
  put_compound(to, kList32, count, items);
}

void put_map(Bytes& to, std::uint32_t count, ByteView items) {
  put_compound(to, kMap32, count, items);
}

}  // namespace berth::gateway::amqp
