// AuditVerifier: proves an export of the audit log line by line, or names the first line that does
// not hold (docs/formats/audit.md). It trusts the CA alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/domain/audit/chain.hpp"
#include "shared/domain/audit/export_statement.hpp"
#include "shared/json/audit_json.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::json {

class AuditVerifier {
 public:
  // `trusted`: certificates (DER) of which the coordinator's CA must be one. Without any the one in
  // the export itself is taken, which proves only that the export is whole, and not whose it is.
  AuditVerifier(std::vector<Bytes> trusted, ports::Crypto& crypto)
      : trusted_(std::move(trusted)), crypto_(crypto) {}

  // One line without its end. After an error nothing more is to be taken.
  [[nodiscard]] Result<void> take(std::string_view text);
  // After the last line: Errc::corrupt if there should be more.
  [[nodiscard]] Result<void> finish() const;

  struct Section {
    std::string chain;
    std::uint64_t from = 0;  // the first entry's sequence
    std::uint64_t to = 0;    // the last one's; less than `from`: there is none
    std::uint64_t shown = 0;
    // Who signed this chain's head, and up to which entry.
    struct Signer {
      std::string node;
      std::uint64_t through = 0;
    };
    std::vector<Signer> signers;
  };
  [[nodiscard]] const std::vector<Section>& sections() const { return sections_; }
  // The CA that was gone by: SHA-256 of its certificate.
  [[nodiscard]] const ports::Certificate* ca() const { return ca_ ? &*ca_ : nullptr; }

 private:
  Result<void> on(AuditBegin& line);
  Result<void> on(AuditShown& line);
  Result<void> on(AuditHidden& line);
  Result<void> on(AuditMissing& line);
  Result<void> on(domain::AuditSeal& line);
  Result<void> on(AuditEnd& line);
  Result<void> on(AuditDone& line);
  [[nodiscard]] Result<void> in_section() const;
  void reached();

  std::vector<Bytes> trusted_;
  std::optional<ports::Certificate> ca_;  // from the first section on
  ports::Crypto& crypto_;
  std::uint64_t line_ = 0;
  std::optional<AuditBegin> begun_;  // the section that is open
  std::optional<domain::ChainVerifier> chain_;
  bool is_sealing_ = false;  // its entries are over
  // Hashes that a seal of this section may name.
  std::vector<domain::AuditHash> hashes_;
  domain::AuditHash seals_{};  // that the section has shown so far
  std::vector<Section> sections_;
  domain::AuditHash names_{};
  bool is_done_ = false;
};

}  // namespace berth::json
