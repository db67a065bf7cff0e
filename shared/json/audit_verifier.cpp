#include "shared/json/audit_verifier.hpp"

#include <algorithm>
#include <utility>

namespace berth::json {
namespace {

Error broken(const std::string& what) {
  return {Errc::corrupt, what};
}

}  // namespace

Result<void> AuditVerifier::take(std::string_view text) {
  ++line_;
  const std::string where = "line " + std::to_string(line_) + ": ";
  if (is_done_) return broken(where + "the export has ended, and yet there is more");
  auto line = read_audit_line(text);
  if (!line) return broken(where + line.error().reason);
  auto taken = std::visit([this](auto& one) { return on(one); }, *line);
  if (!taken) return Error{taken.error().code, where + taken.error().reason};
  return {};
}

Result<void> AuditVerifier::finish() const {
  if (!is_done_) return broken("the export ends too soon: its last line is missing");
  return {};
}

Result<void> AuditVerifier::in_section() const {
  if (!begun_) return broken("no section has begun");
  if (is_sealing_) return broken("an entry stands behind the section's seals");
  return {};
}

void AuditVerifier::reached() {
  sections_.back().to = chain_->position().sequence;
  hashes_.push_back(chain_->position().hash);
}

Result<void> AuditVerifier::on(AuditBegin& line) {
  if (begun_) return broken("a section begins before the one before it has ended");
  if (!ca_) {
    const bool is_trusted = trusted_.empty() || std::find(trusted_.begin(), trusted_.end(),
                                                          line.ca_certificate) != trusted_.end();
    if (!is_trusted) return broken("the log is of a coordinator with another CA than yours");
    auto parsed = crypto_.parse_certificate(line.ca_certificate);
    if (!parsed) return broken("the CA's certificate can't be read");
    ca_ = std::move(*parsed);
  } else if (ca_->der != line.ca_certificate) {
    return broken("the section names another CA");
  }
  chain_.emplace(line.chain, line.after, crypto_);
  hashes_.clear();
  seals_ = {};
  is_sealing_ = false;
  Section section;
  section.chain = line.chain;
  section.from = line.after.sequence + 1;
  section.to = line.after.sequence;
  sections_.push_back(std::move(section));
  names_ = domain::add_section_name(names_, line.chain, crypto_);
  begun_ = std::move(line);
  return {};
}

Result<void> AuditVerifier::on(AuditShown& line) {
  if (auto fits = in_section(); !fits) return fits;
  if (auto taken = chain_->take(line.entry, line.hash); !taken) return taken;
  ++sections_.back().shown;
  reached();
  return {};
}

Result<void> AuditVerifier::on(AuditHidden& line) {
  if (auto fits = in_section(); !fits) return fits;
  if (begun_->tenant.empty()) return broken("an entry is hidden where all are to be shown");
  auto taken = chain_->take_hidden(line.sequence, line.content, line.hash);
  if (!taken) return taken;
  reached();
  return {};
}

Result<void> AuditVerifier::on(AuditMissing& line) {
  return broken("entries " + std::to_string(line.from) + " to " + std::to_string(line.to) + " of " +
                (begun_ ? begun_->chain : std::string("no chain")) +
                " are missing at the coordinator");
}

Result<void> AuditVerifier::on(domain::AuditSeal& line) {
  if (!begun_) return broken("a seal stands outside of any section");
  is_sealing_ = true;
  Section& section = sections_.back();
  if (line.chain != section.chain) return broken("a seal is of another chain");
  if (auto checked = domain::check_seal(line, *ca_, crypto_); !checked) return checked;
  const std::uint64_t sequence = line.position.sequence;
  if (sequence < section.from || sequence > section.to ||
      hashes_[sequence - section.from] != line.position.hash) {
    return broken(line.signer + " has signed another entry " + std::to_string(sequence) +
                  " than this one");
  }
  section.signers.push_back({line.signer, sequence});
  seals_ = domain::add_section_seal(seals_, line, crypto_);
  return {};
}

Result<void> AuditVerifier::on(AuditEnd& line) {
  if (!begun_ || line.chain != begun_->chain) return broken("a section ends that has not begun");
  const domain::AuditPosition& reached_end = chain_->position();
  if (line.position.sequence != reached_end.sequence || line.position.hash != reached_end.hash) {
    return broken("the section should end with entry " + std::to_string(line.position.sequence));
  }
  const domain::AuditSection section{begun_->chain,  begun_->after,       line.position,
                                     begun_->tenant, begun_->coordinator, seals_};
  const Bytes statement = domain::section_statement(section, line.signed_at);
  if (!crypto_.verify_p256(ca_->public_key, statement, line.signature)) {
    return broken("the section's end is not signed by the coordinator");
  }
  begun_.reset();
  return {};
}

Result<void> AuditVerifier::on(AuditDone& line) {
  if (begun_) return broken("the export ends within a section");
  if (line.sections != sections_.size() || line.names != names_) {
    return broken("a section is missing, or out of its place");
  }
  if (!ca_) return broken("the export holds no log");
  const Bytes statement = domain::export_statement(line.sections, line.names, line.signed_at);
  if (!crypto_.verify_p256(ca_->public_key, statement, line.signature)) {
    return broken("the export's end is not signed by the coordinator");
  }
  is_done_ = true;
  return {};
}

}  // namespace berth::json
