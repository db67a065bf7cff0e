#include "coordinator/sync/scope_digest.hpp"

#include <array>
#include <utility>

namespace berth::coordinator {
namespace {

// As the coordinator keeps them; stubs are made of individual enrollments.
constexpr std::array kTables = {store::Table::individual_enrollment,
                                store::Table::enrollment_group,
                                store::Table::ca_certificate,
                                store::Table::admitted_tpm,
                                store::Table::linked_hub,
                                store::Table::tenant_settings};

}  // namespace

Result<std::optional<Bytes>> ScopeDigest::step() {
  auto head = store_.head(tenant_);
  if (!head) return head.error();
  if (key_.empty()) {
    auto key = store_.digest_key(tenant_);
    if (!key) return key.error();
    key_ = std::move(*key);
  }
  if (walking_) {
    if (auto walked = walk(*head); !walked) return walked.error();
  } else if (sequence_ != *head) {
    if (auto followed = follow(); !followed) return followed.error();
  }
  if (walking_ || sequence_ != *head) return std::optional<Bytes>{};
  return std::optional(digest_.serialise());
}

void ScopeDigest::begin(std::uint64_t head) {
  digest_ = vault::SetDigest();
  walking_ = true;
  begun_ = true;
  table_ = 0;
  continuation_.clear();
  sequence_ = head;
}

// A change under way makes what was walked worthless: it is begun again, until a quiet moment is
// long enough. Later changes are followed by the log.
Result<void> ScopeDigest::walk(std::uint64_t head) {
  if (!begun_ || sequence_ != head) begin(head);
  auto page = store_.list(tenant_, kTables.at(table_), continuation_, kDigestStep);
  if (!page) return page.error();
  for (const auto& record : page->records) {
    if (auto counted = count(record, true); !counted) return counted.error();
  }
  continuation_ = page->continuation;
  if (continuation_.empty()) ++table_;
  if (table_ == kTables.size()) walking_ = false;
  return {};
}

Result<void> ScopeDigest::follow() {
  auto entries = store_.changes(tenant_, sequence_, kDigestStep);
  if (!entries) {
    if (entries.error().code != Errc::not_found) return entries.error();
    begun_ = false;
    walking_ = true;
    return {};
  }
  for (const auto& entry : *entries) {
    if (entry.table != store::Table::registration) {
      if (auto counted = count(entry.before, false); !counted) return counted.error();
      if (auto counted = count(entry.after, true); !counted) return counted.error();
    }
    sequence_ = entry.sequence;
  }
  return {};
}

Result<void> ScopeDigest::count(const std::optional<store::Record>& record, bool add) {
  if (!record) return {};
  auto seen = scope_.view(*record);
  if (!seen) return seen.error();
  if (!*seen) return {};
  const auto element =
      vault::digest_element(crypto_, key_, static_cast<std::uint8_t>((*seen)->table), (*seen)->id,
                            (*seen)->version, *(*seen)->body);
  if (add) {
    digest_.add(element);
  } else {
    digest_.remove(element);
  }
  return {};
}

}  // namespace berth::coordinator
