// AdminStore: the store as the coordinator's API sees it. While a request is answered, every record
// that it changes is told to the audit log, with who, from where, by what, and what stood there
// before and after; in the transaction that changes it. There is no other way from a route to the
// store, so none can forget it (design section 5). What changes without an admin passes through.
//
// One thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/store/audited_store.hpp"

namespace berth::coordinator {

// On whose behalf something changes.
struct Actor {
  std::string name;         // "policy provisioningserviceowner", "operator", "gateway"
  std::string source;       // the peer's address
  std::string operation;    // "PUT /enrollments/{id}"
  std::string tracking_id;  // of the request
};

// A record as the audit log shows it.
struct AuditView {
  std::string json;  // without any secret
  // All its secrets, to tell whether they changed; none: it has none.
  SecretBytes secrets;
};

class AdminStore final : public store::RecordStore {
 public:
  // None for what is not an admin's to change.
  using Describe = std::function<Result<std::optional<AuditView>>(const store::Record&)>;

  // `store` outlives it.
  AdminStore(store::AuditedStore& store, Describe describe)
      : store_(store), describe_(std::move(describe)) {}

  // Until it goes, what changes is the actor's doing.
  class Acting {
   public:
    Acting(AdminStore& store, Actor actor) : store_(store) { store_.actor_ = std::move(actor); }
    Acting(const Acting&) = delete;
    Acting& operator=(const Acting&) = delete;
    ~Acting() { store_.actor_.reset(); }

   private:
    AdminStore& store_;
  };

  // Tells the log that the actor was shown secrets, of one object or of all (`id` empty).
  [[nodiscard]] Result<void> note_disclosure(const domain::IdScope& tenant, const std::string& id);

  [[nodiscard]] Result<std::vector<Result<store::Committed>>> commit(
      std::span<const store::ChangeSet> sets) override;
  [[nodiscard]] Result<std::vector<Result<store::Committed>>> commit_concluded(
      std::span<const store::ChangeSet> sets, const store::Conclusion& conclude) override {
    return store_.commit_concluded(sets, conclude);
  }
  // A tenant's records go with their keys, outside any transaction: the entry comes first.
  [[nodiscard]] Result<void> erase_tenant(const domain::IdScope& tenant) override;

  [[nodiscard]] Result<std::optional<store::Record>> read(const domain::IdScope& tenant,
                                                          store::Table table,
                                                          const std::string& id) const override {
    return store_.read(tenant, table, id);
  }
  [[nodiscard]] Result<store::Page> list(const domain::IdScope& tenant, store::Table table,
                                         const std::string& continuation,
                                         std::size_t limit) const override {
    return store_.list(tenant, table, continuation, limit);
  }
  [[nodiscard]] Result<store::Page> find(const domain::IdScope& tenant, store::Table table,
                                         const store::IndexTerm& term,
                                         const std::string& continuation,
                                         std::size_t limit) const override {
    return store_.find(tenant, table, term, continuation, limit);
  }
  [[nodiscard]] Result<std::uint64_t> count(const domain::IdScope& tenant, store::Table table,
                                            const store::IndexTerm& term) const override {
    return store_.count(tenant, table, term);
  }
  [[nodiscard]] Result<std::uint64_t> size(const domain::IdScope& tenant,
                                           store::Table table) const override {
    return store_.size(tenant, table);
  }
  [[nodiscard]] Result<std::uint64_t> head(const domain::IdScope& tenant) const override {
    return store_.head(tenant);
  }
  [[nodiscard]] Result<std::vector<store::LogEntry>> changes(const domain::IdScope& tenant,
                                                             std::uint64_t after,
                                                             std::size_t limit) const override {
    return store_.changes(tenant, after, limit);
  }
  [[nodiscard]] Result<void> create_tenant(const domain::IdScope& tenant) override {
    return store_.create_tenant(tenant);
  }
  [[nodiscard]] Result<std::vector<domain::IdScope>> tenants() const override {
    return store_.tenants();
  }
  [[nodiscard]] std::string incarnation() const override { return store_.incarnation(); }
  [[nodiscard]] Result<Bytes> digest_key(const domain::IdScope& tenant) const override {
    return store_.digest_key(tenant);
  }
  [[nodiscard]] Result<void> verify(const domain::IdScope& tenant) const override {
    return store_.verify(tenant);
  }

 private:
  // What the log says of one change; none where it is nothing to an admin.
  [[nodiscard]] Result<std::optional<domain::AuditNote>> note_of(const store::Reader& reader,
                                                                 const domain::IdScope& tenant,
                                                                 const store::Change& change) const;
  [[nodiscard]] domain::AuditNote begin_note(const domain::IdScope& tenant, const char* kind) const;

  store::AuditedStore& store_;
  Describe describe_;
  std::optional<Actor> actor_;
};

}  // namespace berth::coordinator
