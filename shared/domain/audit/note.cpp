#include "shared/domain/audit/note.hpp"

#include <algorithm>
#include <utility>

namespace berth::domain {
namespace {

constexpr std::string_view kCut = " … (cut)";

// The length of the UTF-8 sequence at the front (RFC 3629 section 4), or 0 if there is none.
std::size_t sequence_at(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;  // of the second byte
  unsigned char high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

std::string within(std::string_view text, std::size_t most) {
  std::string fitted;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_at(text.substr(at));
    if (fitted.size() + (length == 0 ? 1 : length) > most) return fitted + std::string(kCut);
    if (length == 0) {
      fitted += '?';
      ++at;
    } else {
      fitted.append(text.substr(at, length));
      at += length;
    }
  }
  return fitted;
}

}  // namespace

AuditNote& AuditNote::add(std::string_view name, std::string_view value) {
  if (!value.empty()) fields.push_back({std::string(name), std::string(value)});
  return *this;
}

AuditNote fit(AuditNote note) {
  note.kind = within(note.kind, kMaxAuditName);
  if (note.fields.size() > kMaxAuditFields) note.fields.resize(kMaxAuditFields);
  std::size_t left = kMaxAuditNote;
  for (AuditField& field : note.fields) {
    field.name = within(field.name, kMaxAuditName);
    field.value = within(field.value, std::min(kMaxAuditValue, left));
    left -= std::min(left, field.value.size());
  }
  // An export shows fields as members of an object: a name stands once.
  std::vector<AuditField> once;
  for (AuditField& field : note.fields) {
    const bool is_known = std::any_of(once.begin(), once.end(), [&field](const AuditField& other) {
      return other.name == field.name;
    });
    if (!is_known) once.push_back(std::move(field));
  }
  note.fields = std::move(once);
  return note;
}

}  // namespace berth::domain
