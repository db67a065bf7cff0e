// The link to the coordinator: dials out, keeps one connection, moves its bytes and its writes
// (design section 4). What is said over it is gateway/core/cache/uplink's. Without it the gateway
// goes on serving from what it holds.
//
// All on one executor, but for what says otherwise.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/core/cache/uplink.hpp"
#include "gateway/core/limits.hpp"
#include "gateway/linux/shard.hpp"
#include "gateway/linux/store_writer.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/runtime/log.hpp"
#include "shared/runtime/task.hpp"
#include "shared/runtime/tls_stream.hpp"

namespace berth::gateway {

// Between two tries to reach the coordinator: from the first, doubled, to the last; a quarter of it
// random, so that a site's gateways don't all come back at once.
inline constexpr std::chrono::milliseconds kFirstReconnect{500};
inline constexpr std::chrono::milliseconds kLastReconnect{30000};

class SyncLink final : public CoordinatorQuestions {
 public:
  struct Settings {
    std::string host;
    std::uint16_t port = 443;
    domain::GatewayId gateway_id;
    std::string boot_id;
    Bytes ca_public_key;  // that signs permits
    std::chrono::milliseconds connect_timeout = kCoordinatorConnectTimeout;
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
  using Certificate = Uplink::Certificate;

  SyncLink(boost::asio::any_io_executor executor, Settings settings, Services services,
           OutboxQueue queue);
  ~SyncLink() override;

  // What the gateway shows the coordinator; connections made from now on use it.
  void set_context(std::shared_ptr<ports::TlsContext> context) { context_ = std::move(context); }
  // What seals of the audit log are signed with, from now on.
  void set_identity(AuditUplink::Identity identity) { uplink_.set_identity(std::move(identity)); }
  // Connects, serves, reconnects, until it is cancelled or stop() is called.
  [[nodiscard]] runtime::Task<void> run();
  void stop();
  // Ends the session, if there is one, to begin another at once.
  void reconnect();

  // Asks for a certificate. Not answered if the session ends first.
  void request_certificate(sync::CertificateRequest::Purpose purpose, Bytes csr,
                           std::vector<std::string> names, Certificate answer);
  // Called once every time a session is open.
  void on_open(std::function<void()> call) { uplink_.on_open = std::move(call); }

  // From any thread.
  [[nodiscard]] bool linked(const domain::IdScope& tenant) const override {
    return uplink_.linked(tenant);
  }
  [[nodiscard]] bool connected() const { return uplink_.connected(); }
  // Why the coordinator is not reached, or empty.
  [[nodiscard]] std::string trouble() const;
  void fence(const domain::IdScope& tenant, std::function<void()> done) override;
  void look_back(const domain::IdScope& tenant, const domain::RegistrationId& id,
                 std::function<void()> done) override;
  // The reply comes on the link's executor.
  void call_webhook(const domain::IdScope& tenant, const domain::EnrollmentRef& enrollment,
                    std::string body, Uplink::Webhook done);
  // An outbox entry is durable.
  void queued(const domain::IdScope& tenant, std::uint64_t sequence);
  [[nodiscard]] std::size_t outbox_size() const { return uplink_.outbox_size(); }

 private:
  // How a session, or the try to have one, ended.
  using Ending = Uplink::Ending;
  runtime::Task<Ending> serve_session();
  // All parts of the session come to their end, whichever of them is the first.
  void end_session();
  runtime::Task<void> read(runtime::TlsStream& stream);
  runtime::Task<void> write(runtime::TlsStream& stream);
  runtime::Task<void> keep_time();
  // Carries out what the uplink wants written, until there is nothing.
  runtime::Task<void> carry_out_writes();
  // Runs `build` on the writer's thread and waits for its commit.
  runtime::Task<Result<store::Committed>> commit(WriteQueue::Build build);
  void flush();
  void log(const UplinkNotice& notice);
  void set_trouble(const std::string& trouble);

  boost::asio::any_io_executor executor_;
  Settings settings_;
  Services services_;
  Uplink uplink_;
  std::shared_ptr<ports::TlsContext> context_;

  runtime::TlsStream* stream_ = nullptr;  // while a session runs
  boost::asio::steady_timer output_;      // cancelled to say that there is output
  boost::asio::steady_timer pause_;       // between two sessions
  boost::asio::steady_timer tick_;        // of a session
  boost::asio::steady_timer retry_;       // between two tries of a write
  bool stopping_ = false;
  bool ending_ = false;  // the session

  mutable std::mutex mutex_;
  std::string trouble_;
};

}  // namespace berth::gateway
