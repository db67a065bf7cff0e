#include "shared/crypto/asn1/distinguished_name.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "shared/base/encoding.hpp"
#include "shared/crypto/asn1/der_reader.hpp"

namespace berth::crypto::asn1 {

namespace {

struct AttributeType {
  std::string_view oid;  // encoded
  std::string_view name;
};

using namespace std::string_view_literals;

constexpr std::string_view kCommonName = "\x55\x04\x03"sv;

// RFC 4519 and RFC 2985 short names.
constexpr std::array kAttributeTypes = {
    AttributeType{kCommonName, "CN"},
    AttributeType{"\x55\x04\x04"sv, "SN"},
    AttributeType{"\x55\x04\x05"sv, "SERIALNUMBER"},
    AttributeType{"\x55\x04\x06"sv, "C"},
    AttributeType{"\x55\x04\x07"sv, "L"},
    AttributeType{"\x55\x04\x08"sv, "ST"},
    AttributeType{"\x55\x04\x09"sv, "STREET"},
    AttributeType{"\x55\x04\x0A"sv, "O"},
    AttributeType{"\x55\x04\x0B"sv, "OU"},
    AttributeType{"\x55\x04\x0C"sv, "T"},
    AttributeType{"\x55\x04\x2A"sv, "G"},
    AttributeType{"\x55\x04\x2E"sv, "dnQualifier"},
    AttributeType{"\x2A\x86\x48\x86\xF7\x0D\x01\x09\x01"sv, "E"},
    AttributeType{"\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x01"sv, "UID"},
    AttributeType{"\x09\x92\x26\x89\x93\xF2\x2C\x64\x01\x19"sv, "DC"},
};

constexpr std::size_t kMaxOid = 64;

std::optional<std::string> dotted(ByteView oid) {
  if (oid.empty() || oid.size() > kMaxOid) return std::nullopt;
  std::string text;
  std::uint64_t arc = 0;
  bool inside = false;
  for (const std::uint8_t byte : oid) {
    if (!inside && byte == 0x80) return std::nullopt;  // not the shortest form
    if (arc >> 56 != 0) return std::nullopt;
    arc = arc << 7 | (byte & 0x7FU);
    inside = (byte & 0x80) != 0;
    if (inside) continue;
    if (text.empty()) {
      // The first two arcs share one number (X.690 8.19.4).
      const std::uint64_t first = std::min<std::uint64_t>(arc / 40, 2);
      text = std::to_string(first) + "." + std::to_string(arc - first * 40);
    } else {
      text += "." + std::to_string(arc);
    }
    arc = 0;
  }
  if (inside) return std::nullopt;
  return text;
}

bool is_code_point(std::uint32_t c) {
  return c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
}

void append_utf8(std::string& to, std::uint32_t c) {
  const auto put = [&](std::uint32_t byte) { to += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

// RFC 3629: shortest forms only, no surrogates.
bool is_utf8(ByteView text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t lead = text[i];
    if (lead < 0x80) {
      ++i;
      continue;
    }
    std::size_t more = 0;
    std::uint32_t smallest = 0;
    std::uint32_t c = 0;
    if ((lead & 0xE0) == 0xC0) {
      more = 1, smallest = 0x80, c = lead & 0x1F;
    } else if ((lead & 0xF0) == 0xE0) {
      more = 2, smallest = 0x800, c = lead & 0x0F;
    } else if ((lead & 0xF8) == 0xF0) {
      more = 3, smallest = 0x10000, c = lead & 0x07;
    } else {
      return false;
    }
    if (text.size() - i <= more) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((text[i + k] & 0xC0) != 0x80) return false;
      c = c << 6 | (text[i + k] & 0x3F);
    }
    if (c < smallest || !is_code_point(c)) return false;
    i += more + 1;
  }
  return true;
}

// Big-endian code points of `width` bytes.
std::optional<std::string> from_fixed_width(ByteView content, std::size_t width) {
  if (content.size() % width != 0) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < content.size(); i += width) {
    std::uint32_t c = 0;
    for (std::size_t k = 0; k < width; ++k) c = c << 8 | content[i + k];
    if (!is_code_point(c)) return std::nullopt;
    append_utf8(text, c);
  }
  return text;
}

struct Value {
  std::string text;
  bool is_text = true;  // otherwise `text` is "#" and the hex of the DER
};

std::optional<Value> read_value(const Element& value) {
  switch (value.tag) {
    case tag::kUtf8String:
      if (!is_utf8(value.content)) return std::nullopt;
      return Value{std::string(as_text(value.content))};
    case tag::kNumericString:
    case tag::kPrintableString:
    case tag::kIa5String:
    case tag::kVisibleString:
      for (const std::uint8_t byte : value.content) {
        if (byte >= 0x80) return std::nullopt;
      }
      return Value{std::string(as_text(value.content))};
    case tag::kBmpString:
    case tag::kUniversalString: {
      std::optional<std::string> text =
          from_fixed_width(value.content, value.tag == tag::kBmpString ? 2 : 4);
      if (!text) return std::nullopt;
      return Value{std::move(*text)};
    }
    default: return Value{"#" + to_hex(value.whole), false};
  }
}

void append_escaped(std::string& to, const std::string& value) {
  constexpr std::string_view kSpecial = ",+\"\\<>;";
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool first = i == 0;
    const bool last = i + 1 == value.size();
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x20 || byte == 0x7F) {
      to += '\\';
      to += to_upper_hex(ByteView(&byte, 1));
    } else if (kSpecial.find(c) != std::string_view::npos || (c == '#' && first) ||
               (c == ' ' && (first || last))) {
      to += '\\';
      to += c;
    } else {
      to += c;
    }
  }
}

}  // namespace

std::optional<NameText> read_name(ByteView name) {
  const std::optional<Element> sequence = only_element(name, tag::kSequence);
  if (!sequence) return std::nullopt;
  NameText result;
  std::size_t attributes = 0;
  DerReader relative_names(sequence->content);
  while (!relative_names.at_end()) {
    const std::optional<Element> relative_name = relative_names.next(tag::kSet);
    if (!relative_name || relative_name->content.empty()) return std::nullopt;
    DerReader members(relative_name->content);
    bool first_of_set = true;
    while (!members.at_end()) {
      if (++attributes > kMaxNameAttributes) return std::nullopt;
      const std::optional<Element> attribute = members.next(tag::kSequence);
      if (!attribute) return std::nullopt;
      DerReader parts(attribute->content);
      const std::optional<Element> type = parts.next(tag::kObjectIdentifier);
      if (!type) return std::nullopt;
      const std::optional<Element> encoded_value = parts.next();
      if (!encoded_value || !parts.at_end()) return std::nullopt;
      const std::optional<Value> value = read_value(*encoded_value);
      if (!value) return std::nullopt;

      if (!result.text.empty()) result.text += first_of_set ? ", " : " + ";
      first_of_set = false;
      const std::string_view oid = as_text(type->content);
      const auto* known = std::find_if(kAttributeTypes.begin(), kAttributeTypes.end(),
                                       [&](const AttributeType& a) { return a.oid == oid; });
      if (known != kAttributeTypes.end()) {
        result.text += known->name;
      } else {
        const std::optional<std::string> numbers = dotted(type->content);
        if (!numbers) return std::nullopt;
        result.text += *numbers;
      }
      result.text += '=';
      if (value->is_text) {
        append_escaped(result.text, value->text);
        if (oid == kCommonName) result.common_name = value->text;
      } else {
        result.text += value->text;
      }
      result.attributes.push_back({to_bytes(type->content), value->text});
    }
  }
  return result;
}

}  // namespace berth::crypto::asn1
