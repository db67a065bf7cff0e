// AuditUplink: sends this gateway's audit chain to the coordinator, forgets what stands there, has
// its head countersigned and countersigns the coordinator's (docs/formats/audit.md). A part of
// Uplink: it says what is to be sent and written, and does neither itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/protocol/sync/frames.hpp"
#include "shared/store/audit_trail.hpp"
#include "shared/store/record_store.hpp"

namespace berth::gateway {

// Between two seals over a chain that grows.
inline constexpr std::chrono::seconds kSealInterval{60};

class AuditUplink {
 public:
  // What this gateway signs with.
  struct Identity {
    SecretBytes private_key;  // DER PKCS#8
    Bytes certificate;        // DER
    Bytes ca_certificate;     // DER
  };

  // What is lent outlives it.
  AuditUplink(const domain::GatewayId& gateway, const store::Reader& reader, ports::Crypto& crypto,
              ports::Clock& clock, ports::Entropy& entropy)
      : trail_(gateway.str(), crypto, clock, entropy),
        reader_(reader),
        crypto_(crypto),
        clock_(clock) {}

  // Without it nothing is signed.
  void set_identity(Identity identity) { identity_ = std::move(identity); }

  // A session is open: all that is kept is sent again.
  void restart();
  // The segments to send next; none while others are on their way, or if there is nothing.
  [[nodiscard]] Result<std::optional<sync::AuditSegments>> next_segments();
  // Our seal, when all is sent and it is time for one.
  [[nodiscard]] Result<std::optional<domain::AuditSeal>> next_seal();

  // What an acknowledgement makes of the store: less to keep, or another chain to begin. Call
  // acknowledged() once it is written.
  [[nodiscard]] Result<store::ChangeSet> taken(const sync::AuditAck& ack,
                                               const store::Reader& reader) const;
  void acknowledged(const sync::AuditAck& ack);

  struct Answer {
    std::optional<domain::AuditSeal> countersignature;
    // The coordinator's seal that it stands under.
    std::optional<domain::AuditSeal> countersigned;
    store::ChangeSet kept;
    std::string alarm;
  };
  // A seal of the coordinator's: over its own chain, which is answered with ours, or under ours.
  [[nodiscard]] Result<Answer> sealed(const domain::AuditSeal& seal) const;

 private:
  [[nodiscard]] Result<domain::AuditSeal> sign(const std::string& chain,
                                               const domain::AuditPosition& position) const;
  [[nodiscard]] Result<Answer> coordinators_head(const domain::AuditSeal& seal) const;

  store::AuditTrail trail_;
  const store::Reader& reader_;
  ports::Crypto& crypto_;
  ports::Clock& clock_;
  std::optional<Identity> identity_;
  bool is_waiting_ = false;   // segments are on their way
  std::uint64_t sent_ = 0;    // the last segment that was sent in this session
  std::uint64_t sealed_ = 0;  // the last entry that was sealed in this session
  std::optional<MonotonicTime> sealed_at_;
};

}  // namespace berth::gateway
