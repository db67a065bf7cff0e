// The records as a gateway holds them: enrollments that its site may serve, refusal stubs for
// disabled ones that it may not, and no keys that stay at the coordinator (design 3.2). What is
// explained is thus matched against what a gateway would match against.
#pragma once

#include <optional>
#include <string>

#include "coordinator/sync/scope.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

class SiteView final : public store::Reader {
 public:
  // Without a site: as a gateway that may serve all of them. The first two outlive the view.
  SiteView(const store::Reader& truth, ports::Crypto& crypto, std::optional<domain::SiteId> site)
      : truth_(truth), site_(std::move(site)), scope_(site_.value_or(domain::SiteId{}), crypto) {}

  [[nodiscard]] Result<std::optional<store::Record>> read(const domain::IdScope& tenant,
                                                          store::Table table,
                                                          const std::string& id) const override;
  [[nodiscard]] Result<store::Page> list(const domain::IdScope& tenant, store::Table table,
                                         const std::string& continuation,
                                         std::size_t limit) const override;
  [[nodiscard]] Result<store::Page> find(const domain::IdScope& tenant, store::Table table,
                                         const store::IndexTerm& term,
                                         const std::string& continuation,
                                         std::size_t limit) const override;
  // Of all sites: attestation counts nothing.
  [[nodiscard]] Result<std::uint64_t> count(const domain::IdScope& tenant, store::Table table,
                                            const store::IndexTerm& term) const override {
    return truth_.count(tenant, table, term);
  }
  [[nodiscard]] Result<std::uint64_t> size(const domain::IdScope& tenant,
                                           store::Table table) const override {
    return truth_.size(tenant, table);
  }
  [[nodiscard]] Result<std::uint64_t> head(const domain::IdScope& tenant) const override {
    return truth_.head(tenant);
  }

 private:
  // The record as it is held in `table`; nothing if it is not.
  [[nodiscard]] Result<std::optional<store::Record>> seen(store::Record record,
                                                          store::Table table) const;
  [[nodiscard]] Result<store::Page> seen(store::Page page, store::Table table) const;

  const store::Reader& truth_;
  std::optional<domain::SiteId> site_;
  Scope scope_;
};

}  // namespace berth::coordinator
