// What a node has to say for its audit log, before it has a place there (design section 5).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shared/domain/model/ids.hpp"

namespace berth::domain {

// Names are ours; values are text for people and programs: UTF-8, never a secret.
struct AuditField {
  std::string name;
  std::string value;

  friend bool operator==(const AuditField&, const AuditField&) = default;
};

// Bounds of one entry. What is longer is cut by fit(), which says so in the text.
inline constexpr std::size_t kMaxAuditFields = 24;
inline constexpr std::size_t kMaxAuditName = 64;
inline constexpr std::size_t kMaxAuditValue = 48 * 1024;
inline constexpr std::size_t kMaxAuditNote = 128 * 1024;  // all values together

struct AuditNote {
  IdScope tenant;    // empty: of the node as a whole
  std::string kind;  // "change", "accepted", "assigned", … (docs/formats/audit.md)
  std::vector<AuditField> fields;

  // Leaves an empty value out.
  AuditNote& add(std::string_view name, std::string_view value);
};

// The note within the bounds above and in valid UTF-8: an export must be able to repeat it exactly.
[[nodiscard]] AuditNote fit(AuditNote note);

}  // namespace berth::domain
