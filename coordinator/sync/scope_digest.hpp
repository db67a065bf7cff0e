// ScopeDigest: what the records that a site may hold hash to (design section 4). Built once by
// walking a tenant's records in pages, then kept up from the change log; shared by all gateways of
// the site, since registrations, which differ between them, are left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coordinator/sync/scope.hpp"
#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/store/record_store.hpp"
#include "shared/vault/set_digest.hpp"

namespace berth::coordinator {

// Records or log entries that one step looks at.
inline constexpr std::size_t kDigestStep = 500;

class ScopeDigest {
 public:
  // What is lent outlives this object.
  ScopeDigest(const store::RecordStore& store, domain::IdScope tenant, Scope scope,
              ports::Crypto& crypto)
      : store_(store), tenant_(std::move(tenant)), scope_(std::move(scope)), crypto_(crypto) {}

  // Does one bounded step. The digest, once it is that of the tenant's present head; nothing while
  // more steps are needed.
  [[nodiscard]] Result<std::optional<Bytes>> step();
  // The head that the last digest was for.
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }

 private:
  [[nodiscard]] Result<void> walk(std::uint64_t head);
  [[nodiscard]] Result<void> follow();
  void begin(std::uint64_t head);
  [[nodiscard]] Result<void> count(const std::optional<store::Record>& record, bool add);

  const store::RecordStore& store_;
  domain::IdScope tenant_;
  Scope scope_;
  ports::Crypto& crypto_;
  Bytes key_;
  vault::SetDigest digest_;
  bool walking_ = true;
  bool begun_ = false;
  std::size_t table_ = 0;
  std::string continuation_;
  std::uint64_t sequence_ = 0;
};

}  // namespace berth::coordinator
