// The gateway's side of a sync session (docs/formats/sync.md), sans-I/O: bytes go in, bytes and
// events come out. One object per connection; an adapter owns the socket, reconnects with back-off,
// and applies what the events bring (gateway/core/cache).
//
// What the session itself keeps in order: Welcome comes first; changes of a tenant join without a
// hole, else it asks for a snapshot and drops what does not fit; snapshots are not mixed up; the
// outbox has a bounded number of entries on the way; a silent peer is given up.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/protocol/sync/frames.hpp"

namespace berth::sync {

// Pings keep the connection alive and tell the coordinator this gateway's clock.
inline constexpr std::chrono::seconds kPingInterval{15};
// A peer that says nothing for this long is gone; also the deadline for its first message.
inline constexpr std::chrono::seconds kIdleDeadline{45};
// Outbox entries that were sent and are not acknowledged yet.
inline constexpr std::size_t kOutboxWindow = 256;

// The session is over. After Refused, that message came before.
struct Closed {
  Error error;
};

class GatewaySession {
 public:
  // What the coordinator sends, in the order it is to be applied, and the end of the session.
  // Changes and snapshots appear only where they join what came before.
  using Event =
      std::variant<Welcome, Refused, SnapshotBegin, SnapshotRecords, SnapshotEnd, Changes,
                   DigestCheck, PermitGrant, HubTokens, HeadReply, LookBackReply, OutboxAck,
                   CleanupRequest, CertificateReply, WebhookReply, AuditAck, AuditSealed, Closed>;

  // `hello.now` is this boot's clock at `now`. Queues the Hello.
  GatewaySession(Hello hello, MonotonicTime now);

  void receive(ByteView bytes, MonotonicTime now);
  void tick(MonotonicTime now);
  [[nodiscard]] Bytes take_output();
  [[nodiscard]] bool has_output() const { return !output_.empty(); }
  [[nodiscard]] std::vector<Event> take_events();

  // Welcome was received and the session goes on.
  [[nodiscard]] bool open() const { return state_ == State::open; }
  [[nodiscard]] bool closed() const { return state_ == State::closed; }
  // The sequence up to which changes of a tenant were received; none while a snapshot is on its
  // way. What is applied may lag behind.
  [[nodiscard]] std::optional<std::uint64_t> received(const domain::IdScope& tenant) const;

  // Each of these queues one message; they do nothing unless open(). Requests give the number that
  // their reply carries.
  std::uint64_t request_head(const domain::IdScope& tenant);
  std::uint64_t request_look_back(const domain::IdScope& tenant,
                                  const domain::RegistrationId& registration);
  std::uint64_t request_webhook(const domain::IdScope& tenant,
                                const domain::EnrollmentRef& enrollment, std::string body);
  std::uint64_t request_certificate(CertificateRequest::Purpose purpose, Bytes csr,
                                    std::vector<std::string> names);
  // The copy of a tenant turned out to be of no use (digest, damage). Its changes are dropped until
  // the snapshot begins.
  void request_resync(const domain::IdScope& tenant, const std::string& reason);
  // How many more entries may be sent now.
  [[nodiscard]] std::size_t outbox_room() const;
  // At most outbox_room() entries, sequences growing over the whole session.
  void send_outbox(std::span<const domain::OutboxEntry> entries);
  // The task of a CleanupRequest is in the journal.
  void accept_cleanup(std::uint64_t request_id);
  // What is of the audit log, at the caller's pace.
  void send_audit(const AuditSegments& segments);
  void send_audit(const AuditSealed& sealed);

 private:
  enum class State : std::uint8_t { greeting, open, closed };
  struct Tenant {
    bool in_snapshot = false;       // between SnapshotBegin and SnapshotEnd
    bool awaiting_snapshot = true;  // nothing joins until one begins
    std::uint64_t snapshot = 0;
    std::uint64_t sequence = 0;
  };

  void send(const Message& message);
  void fail(Error error);
  void handle(Message message);
  void on(Welcome& message);
  void on(Refused& message);
  void on(SnapshotBegin& message);
  void on(SnapshotRecords& message);
  void on(SnapshotEnd& message);
  void on(Changes& message);
  void on(DigestCheck& message);
  void on(OutboxAck& message);
  template <class Known>
  void on(Known& message);
  void ask_for_snapshot(const domain::IdScope& tenant, Tenant& state, const std::string& reason);
  [[nodiscard]] domain::BootMoment boot_moment(MonotonicTime now) const;

  Hello hello_;
  MonotonicTime started_;
  State state_ = State::greeting;
  FrameReader reader_;
  Bytes output_;
  std::vector<Event> events_;
  std::map<domain::IdScope, Tenant> tenants_;
  std::uint64_t next_request_ = 1;
  std::uint64_t next_ping_ = 1;
  std::uint64_t sent_ = 0;  // the last outbox sequence that was sent
  std::vector<std::uint64_t> unacknowledged_;
  MonotonicTime last_heard_;
  MonotonicTime last_ping_;
};

}  // namespace berth::sync
