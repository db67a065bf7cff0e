// SqliteStore: the embedded engine of RecordStore, one file (with its write-ahead log beside it) in
// which nothing but numbers, blind keys and sealed contents stands (docs/formats/sealed_record.md).
//
// One connection writes, under a mutex; reads have connections of their own and see the last
// commit. Rows are opened one by one: a row that fails its seal is reported and never served. What
// a file cannot show about itself, a missing or replayed row, is found by verify().
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/store/record_store.hpp"
#include "shared/vault/envelope.hpp"
#include "shared/vault/root_key.hpp"

namespace berth::store {

class SqliteStore final : public RecordStore {
 public:
  struct Settings {
    std::string path;
    std::uint64_t log_horizon = kLogHorizon;
    std::uint64_t max_seals_per_key = vault::kMaxSealsPerKey;
  };

  // Makes the file if there is none (mode 0600). Errc::wrong_key if it was made with another root
  // key, Errc::unsupported if by a newer Berth, Errc::corrupt if it is no such file. `crypto` and
  // `entropy` must outlive the store.
  [[nodiscard]] static Result<std::unique_ptr<SqliteStore>> open(const Settings& settings,
                                                                 const vault::RootKey& root_key,
                                                                 ports::Crypto& crypto,
                                                                 ports::Entropy& entropy);
  ~SqliteStore() override;

  [[nodiscard]] Result<std::optional<Record>> read(const domain::IdScope& tenant, Table table,
                                                   const std::string& id) const override;
  [[nodiscard]] Result<Page> list(const domain::IdScope& tenant, Table table,
                                  const std::string& continuation,
                                  std::size_t limit) const override;
  [[nodiscard]] Result<Page> find(const domain::IdScope& tenant, Table table, const IndexTerm& term,
                                  const std::string& continuation,
                                  std::size_t limit) const override;
  [[nodiscard]] Result<std::uint64_t> count(const domain::IdScope& tenant, Table table,
                                            const IndexTerm& term) const override;
  [[nodiscard]] Result<std::uint64_t> size(const domain::IdScope& tenant,
                                           Table table) const override;
  [[nodiscard]] Result<std::uint64_t> head(const domain::IdScope& tenant) const override;
  [[nodiscard]] Result<std::vector<LogEntry>> changes(const domain::IdScope& tenant,
                                                      std::uint64_t after,
                                                      std::size_t limit) const override;
  [[nodiscard]] Result<std::vector<Result<Committed>>> commit(
      std::span<const ChangeSet> sets) override;
  [[nodiscard]] Result<std::vector<Result<Committed>>> commit_concluded(
      std::span<const ChangeSet> sets, const Conclusion& conclude) override;
  [[nodiscard]] Result<void> create_tenant(const domain::IdScope& tenant) override;
  [[nodiscard]] Result<void> erase_tenant(const domain::IdScope& tenant) override;
  [[nodiscard]] Result<std::vector<domain::IdScope>> tenants() const override;
  [[nodiscard]] std::string incarnation() const override;
  [[nodiscard]] Result<Bytes> digest_key(const domain::IdScope& tenant) const override;
  [[nodiscard]] Result<void> verify(const domain::IdScope& tenant) const override;

 private:
  class Engine;
  explicit SqliteStore(std::unique_ptr<Engine> engine);

  std::unique_ptr<Engine> engine_;
};

}  // namespace berth::store
