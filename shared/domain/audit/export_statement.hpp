// What the coordinator signs of an export of the audit log (docs/formats/audit.md): where each
// section begins and ends, and which sections there are. So nothing can be cut from an export
// without leaving it unsigned.
#pragma once

#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/audit/chain.hpp"
#include "shared/domain/audit/seal.hpp"

namespace berth::domain {

struct AuditSection {
  std::string chain;
  AuditPosition after;  // the entry before the first; its time does not count
  AuditPosition end;
  std::string tenant;  // only its entries are shown; empty: all
  std::string coordinator;
  AuditHash seals{};  // that the section shows, in their order
};

[[nodiscard]] Bytes section_statement(const AuditSection& section, WallTime signed_at);

// The seals of a section so far, and one more.
[[nodiscard]] AuditHash add_section_seal(const AuditHash& seals, const AuditSeal& seal,
                                         ports::Crypto& crypto);

// The names of the sections so far, and of one more.
[[nodiscard]] AuditHash add_section_name(const AuditHash& names, const std::string& chain,
                                         ports::Crypto& crypto);
[[nodiscard]] Bytes export_statement(std::uint64_t sections, const AuditHash& names,
                                     WallTime signed_at);

}  // namespace berth::domain
