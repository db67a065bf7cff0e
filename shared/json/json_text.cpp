#include "shared/json/json_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>

#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>

namespace berth::json {
namespace {

namespace bj = boost::json;

Error wrong_type(std::string_view name, std::string_view type) {
  return Error{Errc::malformed, "'" + std::string(name) + "' must be " + std::string(type)};
}

void append_escape(std::string& to, std::uint32_t unit) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "\\u%04x", static_cast<unsigned>(unit));
  to += text.data();
}

void append_escaped(std::string& to, std::uint32_t code_point) {
  if (code_point < 0x10000) {
    append_escape(to, code_point);
    return;
  }
  // A surrogate pair (RFC 8259 section 7).
  const std::uint32_t rest = code_point - 0x10000;
  append_escape(to, 0xD800 + (rest >> 10U));
  append_escape(to, 0xDC00 + (rest & 0x3FFU));
}

// Decodes one UTF-8 sequence of `text` from `at` and moves past it. What is not UTF-8 (a
// certificate may carry such a name) becomes U+FFFD, one byte at a time.
std::uint32_t take_code_point(std::string_view text, std::size_t& at) {
  constexpr std::uint32_t kReplacement = 0xFFFD;
  const auto lead = static_cast<std::uint8_t>(text[at]);
  ++at;
  std::size_t more = 0;
  std::uint32_t value = 0;
  std::uint32_t smallest = 0;
  if (lead >= 0xC2 && lead < 0xE0) {
    more = 1;
    value = lead & 0x1FU;
    smallest = 0x80;
  } else if (lead >= 0xE0 && lead < 0xF0) {
    more = 2;
    value = lead & 0x0FU;
    smallest = 0x800;
  } else if (lead >= 0xF0 && lead < 0xF5) {
    more = 3;
    value = lead & 0x07U;
    smallest = 0x10000;
  } else {
    return kReplacement;
  }
  if (at + more > text.size()) return kReplacement;
  for (std::size_t i = 0; i < more; ++i) {
    const auto next = static_cast<std::uint8_t>(text[at + i]);
    if ((next & 0xC0U) != 0x80) return kReplacement;
    value = value << 6U | (next & 0x3FU);
  }
  if (value < smallest || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) {
    return kReplacement;
  }
  at += more;
  return value;
}

// Makes values of what Boost's parser reads, as its own handler does, except that a number with a
// fraction or an exponent is the one that was written. Boost's is one off in the last place for one
// of seven numbers with 17 digits: twins and payloads would not come back as they went.
class ExactHandler {
 public:
  static constexpr std::size_t max_object_size = bj::object::max_size();
  static constexpr std::size_t max_array_size = bj::array::max_size();
  static constexpr std::size_t max_key_size = bj::string::max_size();
  static constexpr std::size_t max_string_size = bj::string::max_size();

  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_object_begin(bj::error_code&) { return true; }
  bool on_object_end(std::size_t size, bj::error_code&) {
    stack_.push_object(size);
    return true;
  }
  bool on_array_begin(bj::error_code&) { return true; }
  bool on_array_end(std::size_t size, bj::error_code&) {
    stack_.push_array(size);
    return true;
  }
  bool on_key_part(bj::string_view text, std::size_t, bj::error_code&) { return chars(text); }
  bool on_key(bj::string_view text, std::size_t, bj::error_code&) {
    stack_.push_key(text);
    return true;
  }
  bool on_string_part(bj::string_view text, std::size_t, bj::error_code&) { return chars(text); }
  bool on_string(bj::string_view text, std::size_t, bj::error_code&) {
    stack_.push_string(text);
    return true;
  }
  bool on_number_part(bj::string_view, bj::error_code&) { return true; }
  bool on_int64(std::int64_t value, bj::string_view, bj::error_code&) {
    stack_.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, bj::string_view, bj::error_code&) {
    stack_.push_uint64(value);
    return true;
  }
  // The text is whole, because it was given to the parser in one piece. What is beyond a double's
  // range, which RFC 8259 section 6 leaves to us, would be written as what nobody reads.
  bool on_double(double nearly, bj::string_view text, bj::error_code& failed) {
    double exact = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), exact);
    if (failure == std::errc::result_out_of_range && std::abs(nearly) > 1) {
      failed = bj::error::exponent_overflow;
      return false;
    }
    const bool is_read = failure == std::errc{} && end == text.data() + text.size();
    stack_.push_double(is_read ? exact : nearly);
    return true;
  }
  bool on_bool(bool value, bj::error_code&) {
    stack_.push_bool(value);
    return true;
  }
  bool on_null(bj::error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }

  void begin() { stack_.reset(); }
  bj::value end() { return stack_.release(); }

 private:
  bool chars(bj::string_view text) {
    stack_.push_chars(text);
    return true;
  }

  bj::value_stack stack_;
};

bj::value parse_exactly(std::string_view text, std::size_t max_depth, bj::error_code& failure) {
  bj::parse_options options;
  options.max_depth = max_depth;
  bj::basic_parser<ExactHandler> parser(options);
  parser.handler().begin();
  const std::size_t read = parser.write_some(false, text.data(), text.size(), failure);
  if (!failure && read < text.size()) failure = bj::error::extra_data;
  return failure ? bj::value() : parser.handler().end();
}

}  // namespace

Result<bj::value> parse(std::string_view text, const TextLimits& limits) {
  if (text.size() > limits.max_size) {
    return Error{Errc::too_large,
                 "the JSON text is longer than " + std::to_string(limits.max_size) + " bytes"};
  }
  bj::error_code failure;
  bj::value value = parse_exactly(text, limits.max_depth, failure);
  if (failure == bj::error::too_deep) {
    return Error{Errc::too_large,
                 "the JSON text nests deeper than " + std::to_string(limits.max_depth) + " levels"};
  }
  if (failure) return Error{Errc::malformed, "not JSON: " + failure.message()};
  return value;
}

Result<bj::object> parse_object(std::string_view text, const TextLimits& limits) {
  auto value = parse(text, limits);
  if (!value) return value.error();
  bj::object* object = value->if_object();
  if (object == nullptr) return Error{Errc::malformed, "the JSON text is not an object"};
  return std::move(*object);
}

std::string serialize(const bj::value& value) {
  const std::string text = bj::serialize(value);
  std::string escaped;
  escaped.reserve(text.size());
  // Only strings hold bytes outside ASCII, so that an escape is right wherever one stands.
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<std::uint8_t>(text[at]) < 0x80) {
      escaped += text[at];
      ++at;
    } else {
      append_escaped(escaped, take_code_point(text, at));
    }
  }
  return escaped;
}

const bj::value* find(const bj::object& object, std::string_view name) {
  const bj::value* value = object.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::optional<std::string>> find_string(const bj::object& object, std::string_view name) {
  const bj::value* value = find(object, name);
  if (value == nullptr) return std::optional<std::string>{};
  const bj::string* text = value->if_string();
  if (text == nullptr) return wrong_type(name, "a string");
  return std::optional<std::string>(std::string(text->data(), text->size()));
}

Result<std::optional<bool>> find_bool(const bj::object& object, std::string_view name) {
  const bj::value* value = find(object, name);
  if (value == nullptr) return std::optional<bool>{};
  const bool* flag = value->if_bool();
  if (flag == nullptr) return wrong_type(name, "true or false");
  return std::optional<bool>(*flag);
}

Result<const bj::object*> find_object(const bj::object& object, std::string_view name) {
  const bj::value* value = find(object, name);
  if (value == nullptr) return static_cast<const bj::object*>(nullptr);
  const bj::object* inner = value->if_object();
  if (inner == nullptr) return wrong_type(name, "an object");
  return inner;
}

Result<const bj::array*> find_array(const bj::object& object, std::string_view name) {
  const bj::value* value = find(object, name);
  if (value == nullptr) return static_cast<const bj::array*>(nullptr);
  const bj::array* inner = value->if_array();
  if (inner == nullptr) return wrong_type(name, "an array");
  return inner;
}

Result<std::optional<std::uint64_t>> find_number(const bj::object& object, std::string_view name,
                                                 std::uint64_t max) {
  const bj::value* value = find(object, name);
  if (value == nullptr) return std::optional<std::uint64_t>{};
  std::uint64_t number = std::numeric_limits<std::uint64_t>::max();
  if (const std::int64_t* small = value->if_int64()) {
    if (*small >= 0) number = static_cast<std::uint64_t>(*small);
  } else if (const std::uint64_t* big = value->if_uint64()) {
    number = *big;
  } else {
    return wrong_type(name, "a whole number");
  }
  if (number > max) return wrong_type(name, "a whole number from 0 to " + std::to_string(max));
  return std::optional<std::uint64_t>(number);
}

domain::JsonText to_text(const bj::object* object) {
  return object == nullptr ? domain::JsonText{} : domain::JsonText(bj::serialize(*object));
}

void add_text(bj::object& to, std::string_view name, const domain::JsonText& text) {
  if (text.empty()) return;
  bj::error_code failure;
  bj::value value = parse_exactly(text, bj::parse_options().max_depth, failure);
  // Whoever stored the text had checked it; a text that fails all the same is left out rather than
  // breaking the document around it.
  if (!failure && value.is_object()) to[name] = std::move(value);
}

}  // namespace berth::json
