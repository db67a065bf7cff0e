// The link to the coordinator: dials out, keeps one sync session, applies what comes, sends the
// outbox, and answers the shards' questions (design section 4). Without it the gateway goes on
// serving from what it holds.
//
// All on one executor, but for what says otherwise.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/core/cache/applier.hpp"
#include "gateway/core/cache/known_absent.hpp"
#include "gateway/core/cache/outbox.hpp"
#include "gateway/core/cache/trusted_time.hpp"
#include "gateway/linux/shard.hpp"
#include "gateway/linux/store_writer.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/protocol/sync/session_gateway.hpp"
#include "shared/runtime/log.hpp"
#include "shared/runtime/task.hpp"
#include "shared/runtime/tls_stream.hpp"

namespace berth::gateway {

inline constexpr std::chrono::milliseconds kConnectTimeout{10000};
// Between two tries to reach the coordinator: from the first, doubled, to the last; a quarter of it
// random, so that a site's gateways don't all come back at once.
inline constexpr std::chrono::milliseconds kFirstReconnect{500};
inline constexpr std::chrono::milliseconds kLastReconnect{30000};
// A commit that the disk refuses, or for which too many wait, is tried again within the session:
// from the first pause, doubled, to the last. So is a copy that can't be taken in fetched again.
inline constexpr std::chrono::milliseconds kFirstCommitRetry{20};
inline constexpr std::chrono::milliseconds kLastCommitRetry{5000};
// Questions of each kind that wait for the coordinator; more get no answer at once.
inline constexpr std::size_t kMaxOpenQuestions = 4096;

class SyncLink final : public CoordinatorQuestions {
 public:
  struct Settings {
    std::string host;
    std::uint16_t port = 443;
    domain::GatewayId gateway_id;
    std::string boot_id;
    Bytes ca_public_key;  // that signs permits
  };
  // All outlive the link.
  struct Services {
    store::RecordStore& store;
    StoreWriter& writer;
    OutboxNumbers& numbers;
    TrustedTime& time;
    KnownAbsent& known_absent;
    // Grows with every change from the coordinator.
    std::atomic<std::uint64_t>& generation;
    ports::Crypto& crypto;
    ports::Clock& clock;
    ports::Entropy& entropy;
    runtime::Log& log;
  };
  using Certificate = std::function<void(sync::CertificateReply)>;

  SyncLink(boost::asio::any_io_executor executor, Settings settings, Services services,
           OutboxQueue queue);
  ~SyncLink() override;

  // What the gateway shows the coordinator; connections made from now on use it.
  void set_context(std::shared_ptr<ports::TlsContext> context) { context_ = std::move(context); }
  // Connects, serves, reconnects, until it is cancelled or stop() is called.
  [[nodiscard]] runtime::Task<void> run();
  void stop();
  // Ends the session, if there is one, to begin another at once.
  void reconnect();

  // Asks for a certificate. Not answered if the session ends first.
  void request_certificate(sync::CertificateRequest::Purpose purpose, Bytes csr,
                           std::vector<std::string> names, Certificate answer);
  // Called once every time a session is open.
  std::function<void()> on_open;

  // From any thread.
  [[nodiscard]] bool linked(const domain::IdScope& tenant) const override;
  [[nodiscard]] bool connected() const { return connected_.load(); }
  // Why the coordinator is not reached, or empty.
  [[nodiscard]] std::string trouble() const;
  void fence(const domain::IdScope& tenant, std::function<void()> done) override;
  void look_back(const domain::IdScope& tenant, const domain::RegistrationId& id,
                 std::function<void()> done) override;
  // An outbox entry is durable.
  void queued(const domain::IdScope& tenant, std::uint64_t sequence);
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

  // How a session, or the try to have one, ended.
  struct Ending {
    bool was_open = false;
    std::string reason;
  };
  runtime::Task<Ending> serve_session();
  // All parts of the session come to their end, whichever of them is the first.
  void end_session();
  // Why the session ends; the first reason counts.
  void because(const std::string& reason);
  runtime::Task<void> read(runtime::TlsStream& stream);
  runtime::Task<void> write(runtime::TlsStream& stream);
  runtime::Task<void> keep_time();
  [[nodiscard]] Result<sync::Hello> hello() const;
  void flush();

  // One for each event; those that change the store end when it is committed.
  runtime::Task<void> handle(sync::GatewaySession::Event event);
  runtime::Task<void> on(sync::Welcome message);
  runtime::Task<void> on(sync::Refused message);
  runtime::Task<void> on(sync::SnapshotBegin message);
  runtime::Task<void> on(sync::SnapshotRecords message);
  runtime::Task<void> on(sync::SnapshotEnd message);
  runtime::Task<void> on(sync::Changes message);
  runtime::Task<void> on(sync::DigestCheck message);
  runtime::Task<void> on(sync::PermitGrant message);
  runtime::Task<void> on(sync::HubTokens message);
  runtime::Task<void> on(sync::HeadReply message);
  runtime::Task<void> on(sync::LookBackReply message);
  runtime::Task<void> on(sync::OutboxAck message);
  runtime::Task<void> on(sync::CleanupRequest message);
  runtime::Task<void> on(sync::CertificateReply message);
  runtime::Task<void> on(sync::Closed message);

  // Runs `build` on the writer's thread and waits for its commit; tries again what may pass.
  runtime::Task<Result<store::Committed>> commit(StoreWriter::Build build);
  runtime::Task<Result<store::Committed>> submit(StoreWriter::Build build);
  runtime::Task<void> pause_for(std::chrono::milliseconds time);
  // The same for a tenant's copy: if it fails, the copy is of no use.
  runtime::Task<bool> commit_copy(domain::IdScope tenant, StoreWriter::Build build);
  // A tenant that this gateway serves no more: gone, or, while outcomes wait, without a permit.
  runtime::Task<void> leave(domain::IdScope tenant);
  // What every shard keeps of the records is read again.
  void renew_generation();
  void applied(const domain::IdScope& tenant, std::uint64_t sequence);
  void set_linked(const domain::IdScope& tenant, bool linked);
  void set_trouble(const std::string& trouble);
  void release_fences(const domain::IdScope& tenant);
  void release_everything();
  void send_outbox();

  boost::asio::any_io_executor executor_;
  Settings settings_;
  Services services_;
  Applier applier_;  // on the writer's thread
  OutboxQueue queue_;
  std::shared_ptr<ports::TlsContext> context_;

  std::unique_ptr<sync::GatewaySession> session_;
  runtime::TlsStream* stream_ = nullptr;  // while a session runs
  boost::asio::steady_timer output_;      // cancelled to say that there is output
  boost::asio::steady_timer pause_;       // between two sessions
  boost::asio::steady_timer tick_;        // of a session
  boost::asio::steady_timer retry_;       // between two tries of a commit
  bool stopping_ = false;
  bool ending_ = false;  // the session
  std::string reason_;
  unsigned resyncs_ = 0;  // since the last copy that was complete
  bool reconnect_at_once_ = false;
  std::map<domain::IdScope, std::uint64_t> applied_;
  std::map<std::uint64_t, Fence> fences_;
  std::map<std::uint64_t, LookBackWaiter> look_backs_;
  std::map<std::uint64_t, Certificate> certificates_;

  std::atomic<bool> connected_{false};
  std::atomic<std::size_t> outbox_size_{0};
  mutable std::mutex mutex_;
  std::set<domain::IdScope> linked_;
  std::string trouble_;
};

}  // namespace berth::gateway
