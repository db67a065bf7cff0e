// The permit as a gateway keeps and obeys it (design section 4): the coordinator's signed word on
// until when, and how, devices may be accepted without hearing from it.
//
// A permit is verified when it comes; in the store the record's seal vouches for it.
#pragma once

#include <cstdint>
#include <optional>

#include "gateway/core/cache/trusted_time.hpp"
#include "gateway/core/ports/admission.hpp"
#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/gateway.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/protocol/sync/frames.hpp"
#include "shared/store/record_store.hpp"

namespace berth::gateway {

// IDs of the records, in the tenant.
inline constexpr const char* kPermitId = "permit";
inline constexpr const char* kNewDeviceCountId = "count";

// The permit in `signed_permit` if the coordinator's CA signed it for this gateway and tenant.
// Errc::unauthorized otherwise.
[[nodiscard]] Result<domain::Permit> verify_permit(const domain::SignedPermit& signed_permit,
                                                   ByteView ca_public_key,
                                                   const domain::GatewayId& gateway,
                                                   const domain::IdScope& tenant,
                                                   ports::Crypto& crypto);

// The rules, over what they need to know.
struct PermitFacts {
  std::optional<domain::Permit> permit;
  std::uint64_t new_devices = 0;  // accepted under this permit while alone
  WallTime now{};                 // trusted
  bool clock_is_behind = false;
};
// As Admission::admit and Admission::may_continue.
[[nodiscard]] Result<std::uint64_t> admit(const PermitFacts& facts, Acquaintance device,
                                          Contact contact);
[[nodiscard]] Result<void> may_continue(const PermitFacts& facts, Acquaintance device);

// The rules over a gateway's store. Safe from several threads.
class PermitBook final : public Admission {
 public:
  // All outlive the book.
  PermitBook(const store::Reader& reader, const TrustedTime& time) : reader_(reader), time_(time) {}

  [[nodiscard]] Result<std::uint64_t> admit(const domain::IdScope& tenant, Acquaintance device,
                                            Contact contact) override;
  [[nodiscard]] Result<void> may_continue(const domain::IdScope& tenant,
                                          Acquaintance device) override;

  // The same within a transaction: what the journal's writer asks.
  [[nodiscard]] Result<std::uint64_t> admit(const store::Reader& reader,
                                            const domain::IdScope& tenant, Acquaintance device,
                                            Contact contact) const;
  // What the rules would be told now; also for the status page.
  [[nodiscard]] Result<PermitFacts> facts(const store::Reader& reader,
                                          const domain::IdScope& tenant) const;
  // Counts one device that was never seen before, accepted while alone: goes into the change set
  // that accepts it.
  [[nodiscard]] Result<store::Change> count_new_device(const store::Reader& reader,
                                                       const domain::IdScope& tenant) const;

 private:
  const store::Reader& reader_;
  const TrustedTime& time_;
};

// Takes a permit in: the set writes it and begins the count anew, or is empty if the permit is not
// newer than the one there. Errc::unauthorized if it does not verify.
[[nodiscard]] Result<store::ChangeSet> take_permit(const store::Reader& reader,
                                                   const sync::PermitGrant& grant,
                                                   ByteView ca_public_key,
                                                   const domain::GatewayId& gateway,
                                                   ports::Crypto& crypto);
// Takes hub tokens in; those of hubs that are not named go.
[[nodiscard]] Result<store::ChangeSet> take_hub_tokens(const store::Reader& reader,
                                                       const sync::HubTokens& tokens);

}  // namespace berth::gateway
