#include "gateway/linux/sync_link.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <limits>
#include <optional>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/core/cache/permit.hpp"
#include "shared/protocol/sync/record_codec.hpp"

namespace berth::gateway {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kTick{1000};
constexpr std::size_t kReadSize = 64 * 1024;
// A peer that takes nothing for this long is gone; sync::kIdleDeadline ends a silent one before.
constexpr std::chrono::milliseconds kWriteTimeout{30000};
constexpr std::chrono::milliseconds kReadTimeout{120000};

const char* const kSoftware = "berth-gateway/0.1";

std::chrono::microseconds since_boot(const ports::Clock& clock) {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock.monotonic());
}

}  // namespace

SyncLink::SyncLink(asio::any_io_executor executor, Settings settings, Services services,
                   OutboxQueue queue)
    : executor_(executor),
      settings_(std::move(settings)),
      services_(services),
      applier_(settings_.gateway_id, services.crypto, services.numbers),
      queue_(std::move(queue)),
      output_(executor),
      pause_(executor),
      tick_(executor),
      retry_(executor),
      outbox_size_(queue_.size()),
      trouble_("the coordinator was not reached yet") {}

SyncLink::~SyncLink() = default;

bool SyncLink::linked(const domain::IdScope& tenant) const {
  const std::lock_guard lock(mutex_);
  return linked_.contains(tenant);
}

void SyncLink::set_linked(const domain::IdScope& tenant, bool linked) {
  const std::lock_guard lock(mutex_);
  if (linked) {
    linked_.insert(tenant);
  } else {
    linked_.erase(tenant);
  }
}

std::string SyncLink::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void SyncLink::set_trouble(const std::string& trouble) {
  const std::lock_guard lock(mutex_);
  trouble_ = trouble;
}

// ---- The connection ----

runtime::Task<void> SyncLink::run() {
  auto pause = kFirstReconnect;
  while (!stopping_) {
    const Ending ended = co_await serve_session();
    // Said once per reason: a link that is down for a week does not fill the log.
    const bool is_news = ended.was_open || ended.reason != trouble();
    set_trouble(ended.reason);
    if (stopping_) break;
    if (is_news) {
      services_.log.warning(ended.was_open ? "the link to the coordinator is down"
                                           : "the coordinator can't be reached",
                            {{"reason", ended.reason}});
    }
    if (std::exchange(reconnect_at_once_, false)) continue;
    if (ended.was_open) pause = kFirstReconnect;
    std::array<std::uint8_t, 2> random{};
    services_.entropy.fill(random);
    const auto jitter = pause * (random[0] * 256 + random[1]) / (4 * 65536);
    pause_.expires_after(pause + jitter);
    boost::system::error_code ignored;
    co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    pause = std::min(pause * 2, kLastReconnect);
  }
}

void SyncLink::stop() {
  stopping_ = true;
  pause_.cancel();
  end_session();
}

void SyncLink::reconnect() {
  if (stream_ == nullptr) return;
  reconnect_at_once_ = true;
  end_session();
}

void SyncLink::end_session() {
  if (std::exchange(ending_, true)) return;
  if (stream_ != nullptr) stream_->abort();
  output_.cancel();
  tick_.cancel();
  retry_.cancel();
}

void SyncLink::because(const std::string& reason) {
  if (reason_.empty()) reason_ = reason;
}

Result<sync::Hello> SyncLink::hello() const {
  sync::Hello hello;
  hello.gateway_id = settings_.gateway_id;
  hello.outbox_incarnation = services_.numbers.incarnation();
  hello.last_sequence = services_.numbers.last();
  hello.now = {settings_.boot_id, since_boot(services_.clock)};
  hello.wall = services_.clock.wall();
  hello.software = kSoftware;
  const auto tenants = services_.store.tenants();
  if (!tenants) return tenants.error();
  for (const domain::IdScope& tenant : *tenants) {
    if (tenant == store::kNode) continue;
    const auto cursor = read_cursor(services_.store, tenant);
    if (!cursor) return cursor.error();
    hello.positions.push_back(position_of(tenant, *cursor));
  }
  return hello;
}

runtime::Task<SyncLink::Ending> SyncLink::serve_session() {
  Ending ending;
  auto stream = co_await runtime::connect_tls(executor_, settings_.host, settings_.port, context_,
                                              kConnectTimeout);
  if (!stream) {
    ending.reason = stream.error().reason;
    co_return ending;
  }
  auto greeting = hello();
  if (!greeting || stopping_) {
    ending.reason = greeting ? "the gateway is stopping" : greeting.error().reason;
    co_return ending;
  }
  for (const sync::Position& position : greeting->positions) {
    applied_[position.tenant] = position.sequence;
  }
  session_ =
      std::make_unique<sync::GatewaySession>(std::move(*greeting), services_.clock.monotonic());
  stream_ = stream->get();
  ending_ = false;
  reason_.clear();
  queue_.restart();
  std::exception_ptr thrown;  // a cancellation
  try {
    using namespace asio::experimental::awaitable_operators;  // NOLINT: the operator is all it has
    auto parts = read(**stream) && write(**stream) && keep_time();
    co_await std::move(parts);
  } catch (const std::exception&) {
    thrown = std::current_exception();
  }
  ending_ = true;
  stream_ = nullptr;
  ending.was_open = connected_.exchange(false);
  ending.reason = std::exchange(reason_, {});
  release_everything();
  session_.reset();
  if (thrown) std::rethrow_exception(thrown);
  co_return ending;
}

runtime::Task<void> SyncLink::read(runtime::TlsStream& stream) {
  Bytes buffer(kReadSize);
  while (!ending_ && !session_->closed()) {
    const auto count = co_await stream.read_some(buffer, kReadTimeout);
    if (!count || *count == 0) {
      because(count ? "the coordinator closed the connection" : count.error().reason);
      break;
    }
    session_->receive(ByteView(buffer.data(), *count), services_.clock.monotonic());
    auto events = session_->take_events();
    for (auto& event : events) {
      co_await handle(std::move(event));
    }
    flush();
  }
  end_session();
}

runtime::Task<void> SyncLink::write(runtime::TlsStream& stream) {
  while (!ending_) {
    if (session_->has_output()) {
      const Bytes output = session_->take_output();
      const auto written = co_await stream.write_all(output, kWriteTimeout);
      if (written) continue;
      because(written.error().reason);
      break;
    }
    if (session_->closed()) break;
    output_.expires_after(kTick);
    boost::system::error_code ignored;
    co_await output_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  end_session();
}

runtime::Task<void> SyncLink::keep_time() {
  while (!ending_ && !session_->closed()) {
    tick_.expires_after(kTick);
    boost::system::error_code ignored;
    co_await tick_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (ending_) break;
    session_->tick(services_.clock.monotonic());
    if (session_->closed()) {
      // The peer's silence: nobody else would read of it.
      for (const auto& event : session_->take_events()) {
        if (const auto* closed = std::get_if<sync::Closed>(&event)) because(closed->error.reason);
      }
    }
    flush();
  }
  end_session();
}

void SyncLink::flush() {
  output_.cancel();
}

// ---- What the coordinator says ----

runtime::Task<void> SyncLink::handle(sync::GatewaySession::Event event) {
  auto handling = std::visit([this](auto& message) { return on(std::move(message)); }, event);
  co_await std::move(handling);
}

runtime::Task<Result<store::Committed>> SyncLink::submit(StoreWriter::Build build) {
  auto start = [this](auto handler, StoreWriter::Build work) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    services_.writer.submit(std::move(work), [shared](Result<store::Committed> committed) {
      const auto executor = asio::get_associated_executor(*shared);
      asio::post(executor, [shared, committed = std::move(committed)]() mutable {
        std::move (*shared)(std::move(committed));
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<asio::any_io_executor>&,
                                          void(Result<store::Committed>)>(
      std::move(start), asio::use_awaitable, std::move(build));
}

// A disk that is full and a writer that is busy say nothing about the records: fetching them all
// again would only make it worse. The coordinator waits meanwhile.
runtime::Task<Result<store::Committed>> SyncLink::commit(StoreWriter::Build build) {
  auto pause = kFirstCommitRetry;
  for (;;) {
    auto committed = co_await submit(build);
    const bool may_pass = !committed && (committed.error().code == Errc::throttled ||
                                         committed.error().code == Errc::io);
    if (!may_pass || ending_) co_return committed;
    if (pause == kFirstCommitRetry) {
      services_.log.error("what the coordinator sent can't be written yet",
                          {{"reason", committed.error().reason}});
    }
    co_await pause_for(pause);
    pause = std::min(pause * 2, kLastCommitRetry);
  }
}

runtime::Task<void> SyncLink::pause_for(std::chrono::milliseconds time) {
  if (ending_) co_return;
  retry_.expires_after(time);
  boost::system::error_code ignored;
  co_await retry_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

runtime::Task<bool> SyncLink::commit_copy(domain::IdScope tenant, StoreWriter::Build build) {
  const auto committed = co_await commit(std::move(build));
  if (committed) co_return true;
  set_linked(tenant, false);
  if (ending_) co_return false;
  services_.log.warning("the copy of a tenant's records is fetched again",
                        {{"idScope", tenant.str()}, {"reason", committed.error().reason}});
  // A copy that fails again and again is not fetched without end.
  constexpr unsigned kMaxShift = 8;
  const auto pause = kFirstCommitRetry * (1U << std::min(resyncs_, kMaxShift));
  if (resyncs_ > 0)
    co_await pause_for(std::min<std::chrono::milliseconds>(pause, kLastCommitRetry));
  ++resyncs_;
  session_->request_resync(tenant, committed.error().reason);
  co_return false;
}

void SyncLink::renew_generation() {
  services_.generation.fetch_add(1, std::memory_order_release);
}

runtime::Task<void> SyncLink::leave(domain::IdScope tenant) {
  services_.log.info("this gateway no longer serves a tenant", {{"idScope", tenant.str()}});
  constexpr auto kAll = std::numeric_limits<std::uint64_t>::max();
  if (!queue_.up_to(kAll).contains(tenant)) {
    const auto erased = services_.store.erase_tenant(tenant);
    if (!erased) {
      services_.log.error("a tenant's records can't be erased",
                          {{"idScope", tenant.str()}, {"reason", erased.error().reason}});
    }
    co_return;
  }
  auto build = [tenant](const store::Reader&) -> Result<store::ChangeSet> {
    store::Change change;
    change.kind = store::Change::Kind::erase;
    change.table = store::Table::permit;
    change.id = kPermitId;
    store::ChangeSet set;
    set.tenant = tenant;
    set.changes.push_back(std::move(change));
    return set;
  };
  const auto committed = co_await commit(std::move(build));
  if (!committed) {
    services_.log.error("a permit can't be erased",
                        {{"idScope", tenant.str()}, {"reason", committed.error().reason}});
  }
}

runtime::Task<void> SyncLink::on(sync::Welcome message) {
  services_.time.hear(message.wall);
  if (message.outbox_watermark > services_.numbers.last()) {
    services_.log.error(
        "security: this gateway's disk was rolled back: the coordinator has outcomes that it does "
        "not know; everything is sent and fetched again");
    auto renewal = [this](const store::Reader&) -> Result<store::ChangeSet> {
      const auto renewed = services_.numbers.renew(services_.store, services_.entropy);
      if (!renewed) return renewed.error();
      return store::ChangeSet{};
    };
    const auto renewed = co_await commit(std::move(renewal));
    if (renewed) {
      reconnect();
      co_return;
    }
    services_.log.error("no new outbox", {{"reason", renewed.error().reason}});
    because("the outbox can't be begun anew: " + renewed.error().reason);
    end_session();
    co_return;
  }
  for (const domain::IdScope& tenant : message.tenants) {
    const auto created = services_.store.create_tenant(tenant);
    if (!created) {
      services_.log.error("a tenant's keys can't be made",
                          {{"idScope", tenant.str()}, {"reason", created.error().reason}});
    }
  }
  const auto held = services_.store.tenants();
  if (held) {
    for (const domain::IdScope& tenant : *held) {
      const bool serves = tenant == store::kNode ||
                          std::find(message.tenants.begin(), message.tenants.end(), tenant) !=
                              message.tenants.end();
      if (!serves) co_await leave(tenant);
    }
  }
  renew_generation();
  connected_ = true;
  set_trouble("");
  services_.log.info("linked to the coordinator", {{"coordinatorId", message.coordinator_id.str()},
                                                   {"host", settings_.host},
                                                   {"port", settings_.port}});
  for (const domain::IdScope& tenant : message.tenants) {
    if (session_->received(tenant)) set_linked(tenant, true);
  }
  if (on_open) on_open();
  send_outbox();
}

runtime::Task<void> SyncLink::on(sync::Refused message) {
  because("the coordinator refuses this gateway: " + message.reason);
  co_return;
}

runtime::Task<void> SyncLink::on(sync::SnapshotBegin message) {
  set_linked(message.tenant, false);
  services_.known_absent.clear();
  const domain::IdScope tenant = message.tenant;
  auto build = [this, message = std::move(message)](const store::Reader& reader) {
    return applier_.begin(reader, message);
  };
  co_await commit_copy(tenant, std::move(build));
}

runtime::Task<void> SyncLink::on(sync::SnapshotRecords message) {
  const domain::IdScope tenant = message.tenant;
  auto build = [this, message = std::move(message)](const store::Reader& reader) {
    return applier_.records(reader, message);
  };
  const bool committed = co_await commit_copy(tenant, std::move(build));
  if (committed) renew_generation();
}

runtime::Task<void> SyncLink::on(sync::SnapshotEnd message) {
  std::optional<Applier::SweepPoint> from = Applier::SweepPoint{};
  while (from) {
    // Written by the build on the writer's thread, read here after its commit.
    auto swept = std::make_shared<Applier::Sweep>();
    auto build = [this, message, swept,
                  point = *from](const store::Reader& reader) -> Result<store::ChangeSet> {
      auto sweep = applier_.end(reader, message, point);
      if (!sweep) return sweep.error();
      *swept = std::move(*sweep);
      return swept->set;
    };
    const bool committed = co_await commit_copy(message.tenant, std::move(build));
    if (!committed) co_return;
    for (const std::uint64_t sequence : swept->queued) queue_.added(message.tenant, sequence);
    from = std::move(swept->next);
  }
  outbox_size_ = queue_.size();
  resyncs_ = 0;
  renew_generation();
  services_.log.info("a tenant's records are complete",
                     {{"idScope", message.tenant.str()}, {"sequence", message.sequence}});
  set_linked(message.tenant, true);
  applied(message.tenant, message.sequence);
  send_outbox();
}

runtime::Task<void> SyncLink::on(sync::Changes message) {
  const domain::IdScope tenant = message.tenant;
  const std::uint64_t to = message.to;
  // Registrations are not kept by the shards, and change most of all.
  const bool is_kept = std::any_of(
      message.records.begin(), message.records.end(),
      [](const sync::RecordChange& record) { return record.table != store::Table::registration; });
  auto build = [this, message = std::move(message)](const store::Reader& reader) {
    return applier_.changes(reader, message);
  };
  const bool committed = co_await commit_copy(tenant, std::move(build));
  if (!committed) co_return;
  if (is_kept) renew_generation();
  applied(tenant, to);
}

runtime::Task<void> SyncLink::on(sync::DigestCheck message) {
  auto build = [this, message](const store::Reader& reader) -> Result<store::ChangeSet> {
    const auto agrees = applier_.agrees(reader, message);
    if (!agrees) return agrees.error();
    if (!*agrees) {
      return Error{Errc::corrupt, "the records held here are not those of the coordinator"};
    }
    store::ChangeSet nothing;
    nothing.tenant = message.tenant;
    return nothing;
  };
  co_await commit_copy(message.tenant, std::move(build));
}

runtime::Task<void> SyncLink::on(sync::PermitGrant message) {
  auto build = [this, message](const store::Reader& reader) {
    return take_permit(reader, message, settings_.ca_public_key, settings_.gateway_id,
                       services_.crypto);
  };
  const auto committed = co_await commit(std::move(build));
  if (!committed) {
    services_.log.error("a permit was not taken",
                        {{"idScope", message.tenant.str()}, {"reason", committed.error().reason}});
  }
}

runtime::Task<void> SyncLink::on(sync::HubTokens message) {
  auto build = [message](const store::Reader& reader) { return take_hub_tokens(reader, message); };
  const auto committed = co_await commit(std::move(build));
  if (!committed) {
    services_.log.error("hub tokens were not taken",
                        {{"idScope", message.tenant.str()}, {"reason", committed.error().reason}});
  }
}

runtime::Task<void> SyncLink::on(sync::HeadReply message) {
  const auto found = fences_.find(message.request_id);
  if (found != fences_.end()) {
    found->second.target = message.sequence;
    found->second.has_target = true;
    release_fences(message.tenant);
  }
  co_return;
}

runtime::Task<void> SyncLink::on(sync::LookBackReply message) {
  const bool is_absent = !message.registration.body.has_value();
  const std::uint64_t request_id = message.request_id;
  const domain::IdScope tenant = message.tenant;
  auto build = [this, message = std::move(message)](const store::Reader& reader) {
    return applier_.look_back(reader, message);
  };
  const bool committed = co_await commit_copy(tenant, std::move(build));
  const auto found = look_backs_.find(request_id);
  if (found == look_backs_.end()) co_return;
  if (committed && is_absent) services_.known_absent.add(tenant, found->second.id);
  const auto done = std::move(found->second.done);
  look_backs_.erase(found);
  done();
}

runtime::Task<void> SyncLink::on(sync::OutboxAck message) {
  for (auto& [tenant, sequences] : queue_.up_to(message.through)) {
    std::map<domain::IdScope, std::vector<std::uint64_t>> entries{{tenant, sequences}};
    auto build = [this, message, entries](const store::Reader& reader) -> Result<store::ChangeSet> {
      auto sets = applier_.acknowledged(reader, message, entries);
      if (!sets) return sets.error();
      if (sets->empty()) return store::ChangeSet{};
      return std::move(sets->front());
    };
    const bool committed = co_await commit_copy(tenant, std::move(build));
    if (!committed) co_return;
  }
  queue_.acknowledged(message.through);
  outbox_size_ = queue_.size();
  send_outbox();
}

runtime::Task<void> SyncLink::on(sync::CleanupRequest message) {
  store::Change change;
  change.table = store::Table::cleanup;
  change.id = message.task.hub_id.str() + "/" + message.task.device_id.str();
  change.body = sync::encode(message.task);
  store::ChangeSet set;
  set.tenant = message.tenant;
  set.changes.push_back(std::move(change));
  auto build = [set = std::move(set)](const store::Reader&) {
    return Result<store::ChangeSet>(set);
  };
  const auto committed = co_await commit(std::move(build));
  if (committed) session_->accept_cleanup(message.request_id);
}

runtime::Task<void> SyncLink::on(sync::CertificateReply message) {
  const auto found = certificates_.find(message.request_id);
  if (found != certificates_.end()) {
    const auto answer = std::move(found->second);
    certificates_.erase(found);
    answer(std::move(message));
  }
  co_return;
}

runtime::Task<void> SyncLink::on(sync::Closed message) {
  because(message.error.reason);
  co_return;
}

// ---- What the shards ask ----

void SyncLink::fence(const domain::IdScope& tenant, std::function<void()> done) {
  asio::post(executor_, [this, tenant, done = std::move(done)]() mutable {
    if (session_ == nullptr || !session_->open() || fences_.size() >= kMaxOpenQuestions) {
      done();
      return;
    }
    Fence fence;
    fence.tenant = tenant;
    fence.done = std::move(done);
    fences_.emplace(session_->request_head(tenant), std::move(fence));
    flush();
  });
}

void SyncLink::look_back(const domain::IdScope& tenant, const domain::RegistrationId& id,
                         std::function<void()> done) {
  asio::post(executor_, [this, tenant, id, done = std::move(done)]() mutable {
    if (session_ == nullptr || !session_->open() || look_backs_.size() >= kMaxOpenQuestions) {
      done();
      return;
    }
    LookBackWaiter waiter{tenant, id, std::move(done)};
    look_backs_.emplace(session_->request_look_back(tenant, id), std::move(waiter));
    flush();
  });
}

void SyncLink::request_certificate(sync::CertificateRequest::Purpose purpose, Bytes csr,
                                   std::vector<std::string> names, Certificate answer) {
  if (session_ == nullptr || !session_->open()) return;
  const std::uint64_t id = session_->request_certificate(purpose, std::move(csr), std::move(names));
  certificates_.emplace(id, std::move(answer));
  flush();
}

void SyncLink::applied(const domain::IdScope& tenant, std::uint64_t sequence) {
  applied_[tenant] = sequence;
  release_fences(tenant);
}

void SyncLink::release_fences(const domain::IdScope& tenant) {
  for (auto fence = fences_.begin(); fence != fences_.end();) {
    const bool is_reached = fence->second.tenant == tenant && fence->second.has_target &&
                            applied_[tenant] >= fence->second.target;
    if (!is_reached) {
      ++fence;
      continue;
    }
    const auto done = std::move(fence->second.done);
    fence = fences_.erase(fence);
    done();
  }
}

// Nothing that waits for the coordinator waits past the session: what it gets is "no answer".
void SyncLink::release_everything() {
  {
    const std::lock_guard lock(mutex_);
    linked_.clear();
  }
  for (auto& [id, fence] : std::exchange(fences_, {})) fence.done();
  for (auto& [id, waiter] : std::exchange(look_backs_, {})) waiter.done();
  certificates_.clear();
}

// ---- The outbox ----

void SyncLink::queued(const domain::IdScope& tenant, std::uint64_t sequence) {
  asio::post(executor_, [this, tenant, sequence] {
    queue_.added(tenant, sequence);
    outbox_size_ = queue_.size();
    send_outbox();
  });
}

void SyncLink::send_outbox() {
  if (session_ == nullptr || !session_->open()) return;
  const std::size_t room = session_->outbox_room();
  if (room == 0) return;
  const auto entries = queue_.next(services_.store, room);
  if (!entries) {
    services_.log.error("the outbox can't be read", {{"reason", entries.error().reason}});
    return;
  }
  if (entries->empty()) return;
  session_->send_outbox(*entries);
  flush();
}

}  // namespace berth::gateway
