// Uplink: what a gateway does with its session with the coordinator (design section 4). Greets,
// applies what comes, sends the outbox, and answers what is asked of the coordinator. Sans-I/O: an
// adapter owns the connection, moves its bytes, and carries out one write after another.
//
// Each event is applied before the next is looked at: what changes the store ends when its write is
// durable. So what is told to whoever asked holds in the store.
//
// One owner, on one executor, but for what says otherwise.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/core/cache/applier.hpp"
#include "gateway/core/cache/audit_uplink.hpp"
#include "gateway/core/cache/known_absent.hpp"
#include "gateway/core/cache/outbox.hpp"
#include "gateway/core/cache/trusted_time.hpp"
#include "gateway/core/cache/write_queue.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/protocol/sync/session_gateway.hpp"

namespace berth::gateway {

// One sentence for the log, with what it is about.
struct UplinkNotice {
  enum class Level : std::uint8_t { info, warning, error };
  Level level = Level::info;
  std::string text;
  std::string tenant;
  std::string reason;
};

class Uplink {
 public:
  struct Settings {
    domain::GatewayId gateway_id;
    std::string boot_id;
    Bytes ca_public_key;  // that signs permits
    std::string software;
  };
  // All outlive the uplink.
  struct Services {
    store::RecordStore& store;
    OutboxNumbers& numbers;
    TrustedTime& time;
    KnownAbsent& known_absent;
    // Grows with every change from the coordinator that a shard may keep.
    std::atomic<std::uint64_t>& generation;
    ports::Crypto& crypto;
    ports::Clock& clock;
    ports::Entropy& entropy;
    std::function<void(const UplinkNotice&)> report;
  };
  using Certificate = std::function<void(sync::CertificateReply)>;
  using Webhook = std::function<void(sync::WebhookReply)>;

  Uplink(Settings settings, Services services, OutboxQueue queue);
  ~Uplink();
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  // ---- The connection ----

  // A connection is there: what take_output() gives is to be sent.
  [[nodiscard]] Result<void> begin();
  void receive(ByteView bytes);
  // About once a second.
  void tick();
  [[nodiscard]] bool has_output() const;
  [[nodiscard]] Bytes take_output();
  // What take_output() still gives is to be sent, then the connection is to be closed.
  [[nodiscard]] bool closed() const;
  // What is to be written next, to be answered by written(). Until it is, what comes waits, and
  // nothing more should be received. None while there is nothing, or before next_write_at().
  [[nodiscard]] std::optional<WriteQueue::Build> next_write();
  void written(const Result<store::Committed>& result);
  // Something waits to be written.
  [[nodiscard]] bool is_writing() const { return !writes_.empty(); }
  // After a write that failed: the pause before the next try.
  [[nodiscard]] std::optional<MonotonicTime> next_write_at() const { return next_write_at_; }
  // The connection is gone. What waits for the coordinator gets "no answer". A write that was given
  // out may still be answered, and is then ignored.
  struct Ending {
    bool was_open = false;
    bool reconnect_at_once = false;
    std::string reason;
  };
  [[nodiscard]] Ending end();
  // Why the session ends, in the adapter's words; the first reason counts.
  void because(const std::string& reason);
  // Ends the session, if there is one, to begin another at once.
  void reconnect();

  // What seals of the audit log are signed with, from now on.
  void set_identity(AuditUplink::Identity identity) { audit_.set_identity(std::move(identity)); }

  // Called once every time a session is open.
  std::function<void()> on_open;

  // ---- What is asked of the coordinator ----

  void fence(const domain::IdScope& tenant, std::function<void()> done);
  void look_back(const domain::IdScope& tenant, const domain::RegistrationId& id,
                 std::function<void()> done);
  // Not answered if the session ends first.
  void request_certificate(sync::CertificateRequest::Purpose purpose, Bytes csr,
                           std::vector<std::string> names, Certificate answer);
  // Has the coordinator call the enrollment's webhook; the reply has status 0 if there is none.
  void call_webhook(const domain::IdScope& tenant, const domain::EnrollmentRef& enrollment,
                    std::string body, Webhook done);
  // An outbox entry is durable.
  void queued(const domain::IdScope& tenant, std::uint64_t sequence);

  // From any thread.
  [[nodiscard]] bool linked(const domain::IdScope& tenant) const;
  [[nodiscard]] bool connected() const { return connected_.load(); }
  [[nodiscard]] std::size_t outbox_size() const { return outbox_size_.load(); }

 private:
  struct Fence {
    domain::IdScope tenant;
    std::uint64_t target = 0;  // known once the head's answer is here
    bool has_target = false;
    std::function<void()> done;
  };
  struct LookBackWaiter {
    domain::IdScope tenant;
    domain::RegistrationId id;
    std::function<void()> done;
  };
  struct Write {
    WriteQueue::Build build;
    std::function<void(const Result<store::Committed>&)> then;
  };

  [[nodiscard]] Result<sync::Hello> hello() const;
  // Looks at events until one has something to write.
  void advance();
  void on(sync::Welcome& message);
  void on(sync::Refused& message);
  void on(sync::SnapshotBegin& message);
  void on(sync::SnapshotRecords& message);
  void on(sync::SnapshotEnd& message);
  void on(sync::Changes& message);
  void on(sync::DigestCheck& message);
  void on(sync::PermitGrant& message);
  void on(sync::HubTokens& message);
  void on(sync::HeadReply& message);
  void on(sync::LookBackReply& message);
  void on(sync::OutboxAck& message);
  void on(sync::CleanupRequest& message);
  void on(sync::CertificateReply& message);
  void on(sync::WebhookReply& message);
  void on(sync::AuditAck& message);
  void on(sync::AuditSealed& message);
  void on(sync::Closed& message);

  void write(WriteQueue::Build build, std::function<void(const Result<store::Committed>&)> then);
  // The same for a tenant's copy: if it fails, the copy is of no use, and `failed` is called.
  void write_copy(
      const domain::IdScope& tenant, WriteQueue::Build build, std::function<void()> then,
      std::function<void()> failed = [] {});
  void sweep(const sync::SnapshotEnd& message, const Applier::SweepPoint& from);
  void renew_outbox();
  void open(const sync::Welcome& message);
  // A tenant that this gateway serves no more: gone, or, while outcomes wait, without a permit.
  void leave(const domain::IdScope& tenant);
  void acknowledge(const std::shared_ptr<const sync::OutboxAck>& message);
  void resync(const domain::IdScope& tenant, const std::string& reason);
  // What every shard keeps of the records is read again.
  void renew_generation();
  void applied(const domain::IdScope& tenant, std::uint64_t sequence);
  void set_linked(const domain::IdScope& tenant, bool linked);
  void release_fences(const domain::IdScope& tenant);
  void send_outbox();
  void send_audit();
  void report(UplinkNotice::Level level, std::string text, const std::string& tenant = {},
              const std::string& reason = {}) const;

  Settings settings_;
  Services services_;
  Applier applier_;  // used by what is written, on the writer's thread
  OutboxQueue queue_;
  AuditUplink audit_;

  std::unique_ptr<sync::GatewaySession> session_;
  std::deque<sync::GatewaySession::Event> events_;
  std::deque<Write> writes_;
  bool is_given_out_ = false;  // writes_.front()
  std::chrono::milliseconds write_pause_{0};
  std::optional<MonotonicTime> next_write_at_;
  bool ending_ = true;
  bool reconnect_at_once_ = false;
  std::string reason_;
  unsigned resyncs_ = 0;  // since the last copy that was complete
  std::map<domain::IdScope, std::uint64_t> applied_;
  std::map<std::uint64_t, Fence> fences_;
  std::map<std::uint64_t, LookBackWaiter> look_backs_;
  std::map<std::uint64_t, Certificate> certificates_;
  std::map<std::uint64_t, Webhook> webhooks_;

  std::atomic<bool> connected_{false};
  std::atomic<std::size_t> outbox_size_{0};
  mutable std::mutex mutex_;
  std::set<domain::IdScope> linked_;
};

}  // namespace berth::gateway
