// AuditExport: the audit logs of all nodes as lines that prove themselves (docs/formats/audit.md),
// page by page. Nothing is kept between two pages: where the next one goes on stands in a
// continuation that the coordinator signs, so that nobody has it sign the end of what he left out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/fleet/certificate_authority.hpp"
#include "shared/base/result.hpp"
#include "shared/json/audit_json.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/store/audit_trail.hpp"

namespace berth::coordinator {

// Entries of one page, and about how many bytes it may have.
inline constexpr std::size_t kMaxExportedEntries = 1000;
inline constexpr std::size_t kExportedPageSize = 1024 * 1024;

class AuditExport {
 public:
  // All outlive it.
  AuditExport(const store::Reader& store, const CertificateAuthority& ca, ports::Crypto& crypto,
              ports::Clock& clock, domain::CoordinatorId coordinator)
      : store_(store),
        ca_(ca),
        crypto_(crypto),
        clock_(clock),
        coordinator_(std::move(coordinator)) {}

  struct Request {
    std::vector<std::string> chains;  // in this order
    std::optional<WallTime> from;     // entries not older than this,
    std::optional<WallTime> until;    // and older than this
    domain::IdScope tenant;           // only its entries are shown; empty: all
    std::string continuation;         // of the page before
  };
  struct Page {
    std::vector<std::string> lines;
    std::string continuation;  // empty: this was the last page
  };
  // Errc::invalid for a continuation that is not one of ours, for this request.
  [[nodiscard]] Result<Page> page(const Request& request) const;

  // The chains of which anything is kept: this node's and gateways'.
  [[nodiscard]] Result<std::vector<std::string>> chains() const {
    return store::list_chains(store_);
  }

 private:
  struct Cursor;
  [[nodiscard]] Result<void> begin_section(const Request& request, Cursor& cursor,
                                           Page& page) const;
  // Whether the section goes on in another page.
  [[nodiscard]] Result<bool> write_entries(const Request& request, Cursor& cursor,
                                           Page& page) const;
  [[nodiscard]] Result<void> end_section(const Request& request, Cursor& cursor, Page& page) const;
  [[nodiscard]] Result<void> end_export(const Cursor& cursor, Page& page) const;
  [[nodiscard]] Result<std::string> sign_cursor(const Cursor& cursor) const;
  [[nodiscard]] Result<Cursor> read_cursor(const std::string& continuation) const;
  // The number of the first segment with an entry not older than `from`.
  [[nodiscard]] Result<std::uint64_t> find_segment(const std::string& chain,
                                                   const domain::AuditChainState& state,
                                                   WallTime from) const;

  const store::Reader& store_;
  const CertificateAuthority& ca_;
  ports::Crypto& crypto_;
  ports::Clock& clock_;
  domain::CoordinatorId coordinator_;
};

}  // namespace berth::coordinator
