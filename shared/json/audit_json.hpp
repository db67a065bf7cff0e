// An export of the audit log: JSON lines, one object each (docs/formats/audit.md). Written by the
// coordinator, read by whoever wants to prove it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "shared/base/result.hpp"
#include "shared/domain/audit/chain.hpp"
#include "shared/domain/audit/seal.hpp"

namespace berth::json {

// Longest line that is read.
inline constexpr std::size_t kMaxAuditLine = 1024 * 1024;

// Begins a section: what follows is one chain's, from behind `after`.
struct AuditBegin {
  std::string chain;
  domain::AuditPosition after;
  std::string tenant;  // only its entries are shown; empty: all
  std::string coordinator;
  Bytes ca_certificate;  // DER
};
struct AuditShown {
  domain::AuditEntry entry;
  domain::AuditHash hash{};
};
// An entry that is another tenant's.
struct AuditHidden {
  std::uint64_t sequence = 0;
  domain::AuditHash content{};
  domain::AuditHash hash{};
};
// Entries that the coordinator does not have.
struct AuditMissing {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};
// Ends a section. Signed by the coordinator: its own word that between `begin.after` and here
// nothing was left out.
struct AuditEnd {
  std::string chain;
  domain::AuditPosition position;
  WallTime signed_at{};
  Bytes signature;
};
// Ends the export: how many sections there are, and a hash over their names. Signed as well.
struct AuditDone {
  std::uint64_t sections = 0;
  domain::AuditHash names{};
  WallTime signed_at{};
  Bytes signature;
};

using AuditLine = std::variant<AuditBegin, AuditShown, AuditHidden, AuditMissing, domain::AuditSeal,
                               AuditEnd, AuditDone>;

// Without the line's end.
[[nodiscard]] std::string write_audit_line(const AuditLine& line);
// Errc::malformed for anything that write_audit_line() does not write.
[[nodiscard]] Result<AuditLine> read_audit_line(std::string_view text);

}  // namespace berth::json
