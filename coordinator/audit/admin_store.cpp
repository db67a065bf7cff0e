#include "coordinator/audit/admin_store.hpp"

#include "shared/base/assert.hpp"

namespace berth::coordinator {
namespace {

// The one record of a tenant that stands for it as a whole.
constexpr const char* kSettingsId = "settings";

// Kinds of entries (docs/formats/audit.md).
constexpr const char* kChange = "change";
constexpr const char* kDisclosure = "disclosure";

}  // namespace

domain::AuditNote AdminStore::begin_note(const domain::IdScope& tenant, const char* kind) const {
  domain::AuditNote note;
  note.tenant = tenant;
  note.kind = kind;
  note.add("actor", actor_->name).add("source", actor_->source);
  note.add("operation", actor_->operation).add("trackingId", actor_->tracking_id);
  return note;
}

Result<std::optional<domain::AuditNote>> AdminStore::note_of(const store::Reader& reader,
                                                             const domain::IdScope& tenant,
                                                             const store::Change& change) const {
  std::optional<domain::AuditNote> none;
  if (change.kind == store::Change::Kind::require) return none;
  const auto stored = reader.read(tenant, change.table, change.id);
  if (!stored) return stored.error();
  std::optional<AuditView> before;
  if (*stored) {
    auto view = describe_(**stored);
    if (!view) return view.error();
    before = std::move(*view);
  }
  std::optional<AuditView> after;
  if (change.kind == store::Change::Kind::put) {
    const std::uint64_t version = *stored ? (*stored)->version + 1 : 1;
    auto view = describe_({change.table, change.id, version, 0, change.body});
    if (!view) return view.error();
    after = std::move(*view);
  }
  if (!before && !after) return none;
  domain::AuditNote note = begin_note(tenant, kChange);
  note.add("object", store::name_of(change.table)).add("id", change.id);
  note.add("change", !before ? "created" : after ? "updated" : "deleted");
  if (before) note.add("before", before->json);
  if (after) note.add("after", after->json);
  if (after && !after->secrets.empty()) {
    note.add("secrets", !before || before->secrets.empty()  ? "set"
                        : before->secrets == after->secrets ? "kept"
                                                            : "changed");
  }
  return std::optional<domain::AuditNote>(std::move(note));
}

Result<std::vector<Result<store::Committed>>> AdminStore::commit(
    std::span<const store::ChangeSet> sets) {
  if (!actor_) return store_.commit(sets);
  std::vector<store::ChangeSet> noted(sets.begin(), sets.end());
  for (store::ChangeSet& set : noted) {
    // What stood there before is read where it is changed.
    set.check = [this, &set, check = set.check](const store::Reader& reader) -> Result<void> {
      set.notes.clear();  // of a try before this one
      if (check) {
        if (auto checked = check(reader); !checked) return checked;
      }
      for (const store::Change& change : set.changes) {
        auto note = note_of(reader, set.tenant, change);
        if (!note) return note.error();
        if (*note) set.notes.push_back(std::move(**note));
      }
      return {};
    };
  }
  return store_.commit_audited(noted);
}

Result<void> AdminStore::note_disclosure(const domain::IdScope& tenant, const std::string& id) {
  BERTH_ASSERT(actor_);
  domain::AuditNote note = begin_note(tenant, kDisclosure);
  note.add("id", id);
  store::ChangeSet set;
  set.tenant = store::kNode;
  set.notes.push_back(std::move(note));
  const auto noted = store::commit_one(store_, std::move(set));
  if (!noted) return noted.error();
  return {};
}

Result<void> AdminStore::erase_tenant(const domain::IdScope& tenant) {
  if (!actor_) return store_.erase_tenant(tenant);
  domain::AuditNote note = begin_note(tenant, kChange);
  note.add("object", "tenant").add("id", tenant.str()).add("change", "deleted");
  const auto settings = store_.read(tenant, store::Table::tenant_settings, kSettingsId);
  if (settings && *settings) {
    const auto view = describe_(**settings);
    if (view && *view) note.add("before", (*view)->json);
  }
  store::ChangeSet set;
  set.tenant = store::kNode;
  set.notes.push_back(std::move(note));
  const auto noted = store::commit_one(store_, std::move(set));
  if (!noted) return noted.error();
  return store_.erase_tenant(tenant);
}

}  // namespace berth::coordinator
