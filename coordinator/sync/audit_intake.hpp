// AuditIntake: keeps the gateways' audit chains at the coordinator, and seals both sides' heads
// (docs/formats/audit.md). A gateway forgets what it has sent only after it stands here; what does
// not follow what stands here is never taken, and is an alarm.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/fleet/certificate_authority.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/gateway.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/protocol/sync/frames.hpp"
#include "shared/store/audit_trail.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

class AuditIntake {
 public:
  // All outlive it. `own`: the coordinator's own chain; null where none is kept.
  AuditIntake(store::RecordStore& store, const CertificateAuthority& ca, ports::Crypto& crypto,
              ports::Clock& clock, domain::CoordinatorId coordinator, const store::AuditTrail* own)
      : store_(store),
        ca_(ca),
        crypto_(crypto),
        clock_(clock),
        coordinator_(std::move(coordinator)),
        own_(own) {}

  struct Taken {
    sync::AuditAck ack;
    std::string alarm;  // empty: all is well
  };
  // Durable when it returns. Errc::forbidden if the chain is not the gateway's.
  [[nodiscard]] Result<Taken> take(const domain::Gateway& gateway,
                                   const sync::AuditSegments& message);

  struct Sealed {
    std::optional<domain::AuditSeal> answer;
    std::string alarm;
  };
  // A seal of the gateway's: over its own chain, which is answered with ours, or under ours.
  // Of ours only the log that is written now matters, and only what bears our own seal as well: one
  // gateway's word must not move this log.
  [[nodiscard]] Result<Sealed> take(const domain::Gateway& gateway,
                                    const sync::AuditSealed& message);

  // Our word on where our own chain stands; none while it is empty.
  [[nodiscard]] Result<std::optional<domain::AuditSeal>> own_head() const;
  // A back-up of this store was restored: what gateways have countersigned may be missing here.
  [[nodiscard]] Result<void> begin_another(const std::string& reason);

 private:
  [[nodiscard]] Result<domain::AuditSeal> sign(const std::string& chain,
                                               const domain::AuditPosition& position) const;
  [[nodiscard]] Result<Sealed> take_head(const domain::AuditSeal& seal);
  [[nodiscard]] Result<Sealed> take_countersignature(const sync::AuditSealed& message);
  // Whether the countersignature stands under a seal of this coordinator's.
  [[nodiscard]] bool is_under_own_seal(const sync::AuditSealed& message) const;
  [[nodiscard]] Result<void> keep(const std::vector<domain::AuditSeal>& seals);

  store::RecordStore& store_;
  const CertificateAuthority& ca_;
  ports::Crypto& crypto_;
  ports::Clock& clock_;
  domain::CoordinatorId coordinator_;
  const store::AuditTrail* own_;
};

}  // namespace berth::coordinator
