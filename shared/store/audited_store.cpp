#include "shared/store/audited_store.hpp"

#include <algorithm>

namespace berth::store {

Result<std::vector<Result<Committed>>> AuditedStore::commit(std::span<const ChangeSet> sets) {
  const bool has_notes = std::any_of(sets.begin(), sets.end(),
                                     [](const ChangeSet& set) { return !set.notes.empty(); });
  return has_notes ? commit_audited(sets) : store_.commit(sets);
}

Result<std::vector<Result<Committed>>> AuditedStore::commit_concluded(
    std::span<const ChangeSet> sets, const Conclusion& conclude) {
  return store_.commit_concluded(sets, conclude);
}

Result<std::vector<Result<Committed>>> AuditedStore::commit_audited(
    std::span<const ChangeSet> sets) {
  return store_.commit_concluded(
      sets, [this, sets](const Reader& reader, std::span<const Result<Committed>> results) {
        std::vector<domain::AuditNote> notes;
        for (std::size_t i = 0; i < results.size(); ++i) {
          if (!results[i]) continue;
          notes.insert(notes.end(), sets[i].notes.begin(), sets[i].notes.end());
        }
        return trail_.append(reader, std::move(notes));
      });
}

}  // namespace berth::store
