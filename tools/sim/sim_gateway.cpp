#include "tools/sim/sim_gateway.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <variant>

#include "gateway/core/cache/applier.hpp"
#include "gateway/core/cache/known_absent.hpp"
#include "gateway/core/cache/outbox.hpp"
#include "gateway/core/cache/permit.hpp"
#include "gateway/core/cache/trusted_time.hpp"
#include "gateway/core/cache/uplink.hpp"
#include "gateway/core/registration/engine.hpp"
#include "gateway/core/registration/hub_attempts.hpp"
#include "gateway/linux/cleanup_tasks.hpp"
#include "gateway/linux/journal.hpp"
#include "gateway/linux/record_cache.hpp"
#include "shared/base/encoding.hpp"
#include "shared/json/hub_json.hpp"
#include "shared/protocol/hub/connector.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "tools/sim/must.hpp"
#include "tools/sim/sim_writer.hpp"

namespace berth::sim {
namespace {

using gateway::Action;
using gateway::Actions;

constexpr SimTime kConnectTimeout{10'000'000};
constexpr SimTime kFirstReconnect{500'000};
constexpr SimTime kLastReconnect{30'000'000};
constexpr std::size_t kMaxHubExchanges = 8;

Result<void> without_value(const Result<store::Committed>& committed) {
  if (!committed) return committed.error();
  return {};
}

}  // namespace

// What a crash takes.
struct SimGateway::Running final : gateway::CoordinatorLink, gateway::Probe {
  using HubDone = std::function<void(Result<hub::HubOutcome>)>;
  using HubStart = std::function<std::unique_ptr<hub::HubOperation>(hub::HubConnector&)>;

  explicit Running(SimGateway& owner);

  // gateway::CoordinatorLink, gateway::Probe
  [[nodiscard]] bool linked(const domain::IdScope& tenant) const override {
    return uplink.linked(tenant);
  }
  [[nodiscard]] std::optional<std::chrono::microseconds> latency(
      const domain::HubId& hub) const override;

  // The engine, as gateway/linux/shard drives it.
  void restore();
  void feed(std::function<Actions(gateway::RegistrationEngine&)> input);
  void carry_out(const Actions& actions);
  void carry_out(const gateway::RequestFence& action);
  void carry_out(const gateway::LookBack& action);
  void carry_out(const gateway::JournalIntent& action);
  void carry_out(const gateway::JournalOutcome& action);
  void carry_out(const gateway::RecordAttempt& action) { journal.record(action); }
  void carry_out(const gateway::AskAllocation& action);
  void carry_out(const gateway::ApplyToHub& action);
  void carry_out(const gateway::ReadTwin& action);
  void carry_out(const gateway::SendReply& action);
  void carry_out(const gateway::Log& action);
  void carry_out(const gateway::Count&) {}
  void carry_out(const gateway::Refused&) {}
  void arm_timer();

  // The hubs, as gateway/linux/hub_link drives them.
  struct HubRun {
    SimHub* hub = nullptr;
    std::unique_ptr<hub::HubOperation> operation;
    std::string authorization;
    HubDone done;
    std::size_t exchanges = 0;
  };
  void run_hub(const domain::IdScope& tenant, const domain::LinkedHub& hub, const HubStart& start,
               HubDone done);
  void step(const std::shared_ptr<HubRun>& run);

  // The coordinator, as gateway/linux/sync_link drives the uplink.
  void connect();
  void connected(const std::shared_ptr<Wire>& wire);
  void pump();
  void drive_writes();
  void flush();
  void tick(std::uint64_t number);
  void end_session();
  void come_again(const gateway::Uplink::Ending& ending);

  // Clean-up, as gateway/linux/cleanup_runner does it.
  void look_for_cleanup();
  void clean_up(std::shared_ptr<std::deque<gateway::HeldCleanup>> tasks,
                std::set<domain::HubId> away);
  void clean_up(const gateway::HeldCleanup& held, bool was_asked, std::function<void(bool)> done);
  void note(const gateway::HeldCleanup& held, gateway::CleanupStep step,
            const hub::HubOutcome& outcome);

  void keep_time();

  SimGateway& of;
  World& world;
  SimStore& store;
  std::string boot_id;
  SimWriter writer;
  gateway::OutboxNumbers numbers;
  gateway::TrustedTime time;
  gateway::PermitBook permits;
  gateway::KnownAbsent known_absent;
  std::atomic<std::uint64_t> generation{1};
  gateway::Uplink uplink;
  gateway::Journal journal;
  gateway::RecordCache cache;
  gateway::RegistrationEngine engine;
  json::IotHubBodyCodec hub_json;
  std::unique_ptr<hub::HubConnector> connector;

  std::map<gateway::RequestToken, Answer> answers;
  gateway::RequestToken last_token = 0;
  std::optional<MonotonicTime> armed;

  std::uint64_t session = 0;
  bool has_session = false;
  bool is_ending = false;
  bool is_writing = false;  // something of the session's is on its way to the disk
  std::deque<Bytes> inbox;
  SimTime pause = kFirstReconnect;
};

SimGateway::Running::Running(SimGateway& owner)
    : of(owner),
      world(owner.world_),
      store(owner.store_),
      boot_id(to_hex(owner.entropy_.bytes(16))),
      writer(world, store,
             [&owner](SimTime delay, std::function<void()> what) {
               owner.after(delay, std::move(what));
             }),
      numbers(must(gateway::OutboxNumbers::open(store, owner.entropy_))),
      time(owner.clock_, must(gateway::TrustedTime::restore(store))),
      permits(store, time),
      uplink({owner.id_, boot_id, owner.coordinator_.ca_public_key(), "berth-sim"},
             {store, numbers, time, known_absent, generation, owner.world_.crypto, owner.clock_,
              owner.entropy_,
              [this](const gateway::UplinkNotice& notice) {
                world.trace.line(of.name_,
                                 notice.text + (notice.reason.empty() ? "" : ": ") + notice.reason);
              }},
             must(gateway::OutboxQueue::load(store, must(store.tenants())))),
      journal(writer, permits, numbers,
              [this](const domain::IdScope& tenant, std::uint64_t sequence) {
                of.after(SimTime{0}, [this, tenant, sequence] {
                  uplink.queued(tenant, sequence);
                  flush();
                });
              }),
      cache(store, world.crypto, generation, known_absent),
      engine(
          [this] {
            gateway::EngineSettings settings;
            settings.gateway_id = of.id_;
            settings.boot_id = boot_id;
            return settings;
          }(),
          {cache, permits, *this, *this, world.crypto, of.clock_, of.entropy_}),
      connector(hub::iot_hub_connector(owner.coordinator_.id(), hub_json)) {}

std::optional<std::chrono::microseconds> SimGateway::Running::latency(
    const domain::HubId& hub) const {
  for (std::size_t i = 0; i < of.hubs_.size(); ++i) {
    if (of.hubs_[i]->link().hub_id == hub) {
      return std::chrono::microseconds{1000 * (1 + (i + of.index_) % of.hubs_.size())};
    }
  }
  return std::nullopt;
}

// ---- The engine ----

void SimGateway::Running::restore() {
  std::vector<gateway::JournaledIntent> intents;
  for (const domain::IdScope& tenant : must(store.tenants())) {
    const auto page = must(store.list(tenant, store::Table::intent, "", store::kMaxPage));
    for (const store::Record& record : page.records) {
      intents.push_back({tenant, must(sync::decode<domain::Intent>(record.body))});
    }
  }
  engine.restore(std::move(intents));
  carry_out(engine.on_time());
}

void SimGateway::Running::feed(std::function<Actions(gateway::RegistrationEngine&)> input) {
  of.after(SimTime{0}, [this, input = std::move(input)] { carry_out(input(engine)); });
}

void SimGateway::Running::carry_out(const Actions& actions) {
  for (const Action& action : actions) {
    std::visit([this](const auto& one) { carry_out(one); }, action);
  }
  arm_timer();
}

void SimGateway::Running::arm_timer() {
  const auto wake = engine.next_wake();
  if (!wake || (armed && *armed <= *wake)) return;
  armed = wake;
  const auto delay =
      std::chrono::ceil<SimTime>(std::max(MonotonicTime{0}, *wake - of.clock_.monotonic()));
  of.after(delay, [this, due = *wake] {
    if (armed != due) return;
    armed.reset();
    carry_out(engine.on_time());
  });
}

void SimGateway::Running::carry_out(const gateway::RequestFence& action) {
  uplink.fence(action.tenant, [this, action] {
    feed([action](auto& machine) { return machine.on_fence(action.tenant, action.ticket); });
  });
  flush();
}

void SimGateway::Running::carry_out(const gateway::LookBack& action) {
  uplink.look_back(action.tenant, action.registration_id, [this, action] {
    feed([action](auto& machine) {
      return machine.on_look_back(action.tenant, action.registration_id);
    });
  });
  flush();
}

void SimGateway::Running::carry_out(const gateway::JournalIntent& action) {
  journal.write(action, [this, ref = action.operation](const Result<store::Committed>& committed) {
    feed([ref, result = without_value(committed)](auto& machine) {
      return machine.on_journaled(ref, result);
    });
  });
}

void SimGateway::Running::carry_out(const gateway::JournalOutcome& action) {
  journal.write(action, [this, ref = action.operation](const Result<store::Committed>& committed) {
    feed([ref, result = without_value(committed)](auto& machine) {
      return machine.on_journaled(ref, result);
    });
  });
}

void SimGateway::Running::carry_out(const gateway::AskAllocation& action) {
  const std::uint64_t boot = of.boot_;
  of.webhook_.ask(action.request, [this, owner = &of, boot, ref = action.operation](
                                      const Result<domain::CustomAllocationAnswer>& answer) {
    // The node may be gone meanwhile, and this with it.
    if (owner->boot_ != boot || owner->store_.is_dead()) return;
    feed([ref, answer](auto& machine) { return machine.on_allocation(ref, answer); });
  });
}

void SimGateway::Running::carry_out(const gateway::ApplyToHub& action) {
  run_hub(
      action.operation.tenant, action.hub,
      [&action](hub::HubConnector& hub) { return hub.upsert(action.identity); },
      [this, ref = action.operation](const Result<hub::HubOutcome>& outcome) {
        feed([ref, outcome](auto& machine) { return machine.on_hub_outcome(ref, outcome); });
      });
}

void SimGateway::Running::carry_out(const gateway::ReadTwin& action) {
  run_hub(
      action.operation.tenant, action.hub,
      [&action](hub::HubConnector& hub) { return hub.read_twin(action.device_id); },
      [this, ref = action.operation](const Result<hub::HubOutcome>& outcome) {
        feed([ref, outcome](auto& machine) { return machine.on_hub_outcome(ref, outcome); });
      });
}

void SimGateway::Running::carry_out(const gateway::SendReply& action) {
  const auto found = answers.find(action.reply.token);
  if (found == answers.end()) return;
  const Answer answer = std::move(found->second);
  answers.erase(found);
  answer(action.reply);
}

void SimGateway::Running::carry_out(const gateway::Log& action) {
  world.trace.line(of.name_, action.registration_id + ": " + action.text);
}

// ---- The hubs ----

void SimGateway::Running::run_hub(const domain::IdScope& tenant, const domain::LinkedHub& hub,
                                  const HubStart& start, HubDone done) {
  const auto own = std::find_if(of.hubs_.begin(), of.hubs_.end(), [&hub](const auto& known) {
    return known->link().hub_id == hub.hub_id;
  });
  const auto record = store.read(tenant, store::Table::hub_token, hub.hub_id.str());
  if (!record || !record->has_value() || own == of.hubs_.end()) {
    return done(Error{Errc::unavailable, hub.host_name + ": no token for it"});
  }
  const auto token = must(sync::decode<domain::HubToken>((*record)->body));
  if (token.expiry <= of.clock_.wall()) {
    return done(Error{Errc::unavailable, hub.host_name + ": the token for it expired"});
  }
  auto run = std::make_shared<HubRun>();
  run->hub = own->get();
  run->operation = start(*connector);
  run->authorization = std::string(as_text(token.authorization.reveal()));
  run->done = std::move(done);
  step(run);
}

void SimGateway::Running::step(const std::shared_ptr<HubRun>& run) {
  if (run->exchanges++ == kMaxHubExchanges) {
    return run->done(Error{Errc::unavailable, "the hub's registry does not come to an end"});
  }
  // There are IoT Hubs only.
  auto request = std::get<http::Request>(run->operation->next());
  request.headers.set("Authorization", run->authorization);
  const std::uint64_t boot = of.boot_;
  run->hub->request(of.index_, request,
                    [this, owner = &of, boot, run](const Result<http::Response>& response) {
                      // The node may be gone meanwhile, and this with it.
                      if (owner->boot_ != boot || owner->store_.is_dead()) return;
                      if (!response) return run->done(response.error());
                      auto outcome = run->operation->receive(*response);
                      if (outcome) return run->done(std::move(*outcome));
                      step(run);
                    });
}

// ---- The coordinator ----

void SimGateway::Running::connect() {
  const bool is_partitioned = world.weather.partitioned.at(of.index_);
  of.after(is_partitioned ? kConnectTimeout : world.latency(), [this, is_partitioned] {
    auto wire = std::make_shared<Wire>(world);
    const std::uint64_t boot = of.boot_;
    wire->listen(
        Side::gateway,
        [this, owner = &of, boot, number = session + 1](const Bytes& bytes) {
          if (owner->boot_ != boot || owner->store_.is_dead() || number != session) return;
          inbox.push_back(bytes);
          pump();
        },
        [this, owner = &of, boot, number = session + 1] {
          if (owner->boot_ != boot || owner->store_.is_dead() || number != session) return;
          uplink.because("the connection is lost");
          end_session();
        });
    ++session;
    if (is_partitioned || !of.coordinator_.accept(wire, of.certificate_)) return come_again({});
    connected(wire);
  });
}

void SimGateway::Running::connected(const std::shared_ptr<Wire>& wire) {
  if (!uplink.begin()) {
    wire->close(Side::gateway);
    return come_again({});
  }
  of.wire_ = wire;
  has_session = true;
  is_ending = false;
  inbox.clear();
  flush();
  of.after(world.tick, [this, number = session] { tick(number); });
}

void SimGateway::Running::pump() {
  while (has_session && !is_ending && !uplink.is_writing() && !inbox.empty()) {
    const Bytes bytes = std::move(inbox.front());
    inbox.pop_front();
    uplink.receive(bytes);
  }
  drive_writes();
  flush();
}

void SimGateway::Running::drive_writes() {
  if (!has_session || is_writing || !uplink.is_writing()) return;
  if (auto build = uplink.next_write()) {
    is_writing = true;
    writer.submit(std::move(*build), [this](const Result<store::Committed>& committed) {
      is_writing = false;
      uplink.written(committed);
      if (is_ending) return end_session();
      pump();
    });
    return;
  }
  if (const auto at = uplink.next_write_at()) {
    const auto delay =
        std::chrono::ceil<SimTime>(std::max(MonotonicTime{0}, *at - of.clock_.monotonic()));
    of.after(delay, [this, number = session] {
      if (number == session) pump();
    });
  }
}

void SimGateway::Running::flush() {
  if (!has_session || is_ending || store.is_dead()) return;
  while (uplink.has_output()) of.wire_->send(Side::gateway, uplink.take_output());
  if (uplink.closed()) end_session();
}

void SimGateway::Running::tick(std::uint64_t number) {
  if (number != session || !has_session || is_ending) return;
  uplink.tick();
  pump();
  of.after(world.tick, [this, number] { tick(number); });
}

// Once nothing of the session is on its way to the disk any more.
void SimGateway::Running::end_session() {
  if (!has_session) return;
  is_ending = true;
  of.wire_->close(Side::gateway);
  if (is_writing) return;
  has_session = false;
  of.wire_.reset();
  const auto ending = uplink.end();
  world.trace.line(of.name_, "the session ends: " + ending.reason);
  come_again(ending);
}

void SimGateway::Running::come_again(const gateway::Uplink::Ending& ending) {
  if (ending.reconnect_at_once) return connect();
  if (ending.was_open) pause = kFirstReconnect;
  of.after(pause + world.random.between(SimTime{0}, pause / 4), [this] { connect(); });
  pause = std::min(pause * 2, kLastReconnect);
}

// ---- Clean-up ----

void SimGateway::Running::look_for_cleanup() {
  auto tasks = std::make_shared<std::deque<gateway::HeldCleanup>>();
  const auto tenants = store.tenants();
  if (tenants) {
    for (const domain::IdScope& tenant : *tenants) {
      const auto page = store.list(tenant, store::Table::cleanup, "", store::kMaxPage);
      if (!page) continue;
      for (const store::Record& record : page->records) {
        auto task = must(sync::decode<domain::CleanupTask>(record.body));
        if (gateway::is_to_be_looked_at(task, of.clock_.wall())) {
          tasks->push_back({tenant, record.version, std::move(task)});
        }
      }
    }
  }
  clean_up(std::move(tasks), {});
}

void SimGateway::Running::clean_up(std::shared_ptr<std::deque<gateway::HeldCleanup>> tasks,
                                   std::set<domain::HubId> away) {
  while (!tasks->empty() && away.contains(tasks->front().task.hub_id)) tasks->pop_front();
  if (tasks->empty()) {
    return of.after(gateway::kCleanupInterval, [this] { look_for_cleanup(); });
  }
  const gateway::HeldCleanup held = std::move(tasks->front());
  tasks->pop_front();
  clean_up(held, false, [this, tasks, away, hub = held.task.hub_id](bool answered) mutable {
    if (!answered) away.insert(hub);
    of.after(SimTime{0}, [this, tasks, away] { clean_up(tasks, away); });
  });
}

void SimGateway::Running::clean_up(const gateway::HeldCleanup& held, bool was_asked,
                                   std::function<void(bool)> done) {
  const auto step = gateway::next_step(store, held, of.clock_.wall(), was_asked);
  switch (step) {
    case gateway::CleanupStep::wait: return done(true);
    case gateway::CleanupStep::ask_coordinator:
      if (!uplink.linked(held.tenant)) return done(true);
      uplink.look_back(held.tenant, held.task.registration_id,
                       [this, held, done = std::move(done)]() mutable {
                         of.after(SimTime{0}, [this, held, done = std::move(done)]() mutable {
                           if (!uplink.linked(held.tenant)) return done(true);
                           clean_up(held, true, std::move(done));
                         });
                       });
      return flush();
    case gateway::CleanupStep::drop: note(held, step, {}); return done(true);
    case gateway::CleanupStep::disable:
    case gateway::CleanupStep::enable:
    case gateway::CleanupStep::remove: break;
  }
  const auto record = store.read(held.tenant, store::Table::linked_hub, held.task.hub_id.str());
  if (!record || !record->has_value()) return done(true);
  const auto hub = must(sync::decode<domain::LinkedHub>((*record)->body));
  run_hub(
      held.tenant, hub,
      [this, &held, step](hub::HubConnector& on) {
        return gateway::cleanup_operation(store, held, step, on);
      },
      [this, held, step, done = std::move(done)](const Result<hub::HubOutcome>& outcome) {
        world.trace.line(of.name_, "clean-up of " + gateway::cleanup_id(held.task) + " by etag " +
                                       held.task.hub_etag +
                                       (!outcome         ? ": " + outcome.error().reason
                                        : outcome->found ? ": done"
                                                         : ": nothing of ours there"));
        if (!outcome) return done(!gateway::is_passing(outcome.error().code));
        note(held, step, *outcome);
        done(true);
      });
}

void SimGateway::Running::note(const gateway::HeldCleanup& held, gateway::CleanupStep step,
                               const hub::HubOutcome& outcome) {
  writer.submit([set = gateway::cleanup_done(held, step, outcome, of.clock_.wall())](
                    const store::Reader&) { return Result<store::ChangeSet>(set); },
                [](const Result<store::Committed>&) {});
}

void SimGateway::Running::keep_time() {
  of.after(std::chrono::duration_cast<SimTime>(gateway::kMarkInterval), [this] {
    const auto set = time.mark();
    writer.submit([set](const store::Reader&) { return Result<store::ChangeSet>(set); },
                  [](const Result<store::Committed>&) {});
    keep_time();
  });
}

// ---- The node ----

SimGateway::SimGateway(World& world, SimCoordinator& coordinator,
                       std::vector<std::unique_ptr<SimHub>>& hubs, SimWebhook& webhook,
                       std::size_t index, const std::string& site)
    : world_(world),
      coordinator_(coordinator),
      hubs_(hubs),
      webhook_(webhook),
      index_(index),
      name_("gateway-" + std::to_string(index)),
      site_(site),
      clock_(world.scheduler),
      entropy_(world.random.branch()),
      store_("gateway-store-" + std::to_string(index), store::kLogHorizon) {
  must(store_.create_tenant(store::kNode));
  if (!must(coordinator.catalog().gateways.site(site_))) {
    must(coordinator.catalog().gateways.create_site(site_));
  }
  const auto created = must(coordinator.fleet().create(name_, site_, {coordinator.tenant()}));
  const auto key = must(coordinator.authority().generate_p256());
  protocol::JoinRequest request;
  request.token = created.token;
  request.csr = must(coordinator.authority().make_csr(name_, key.private_key));
  auto reply = must(coordinator.joining().join(request));
  id_ = reply.gateway_id;
  certificate_ = std::move(reply.certificate);
  must(store_.create_tenant(coordinator.tenant()));
  store_.on_committed = [this](const store::ChangeSet& set, const store::Committed&) { note(set); };
}

SimGateway::~SimGateway() = default;

void SimGateway::boot() {
  store_.revive();
  clock_.boot();
  ++boot_;
  running_ = std::make_unique<Running>(*this);
  running_->restore();
  running_->connect();
  running_->look_for_cleanup();
  running_->keep_time();
  world_.trace.line(name_, "boots");
}

void SimGateway::crash() {
  if (!is_up()) return;
  world_.trace.line(name_, "crashes");
  if (wire_) wire_->close(Side::gateway);
  wire_.reset();
  running_.reset();
  ++boot_;
}

void SimGateway::after(SimTime delay, std::function<void()> what) {
  world_.scheduler.after(delay, [this, boot = boot_, what = std::move(what)] {
    if (boot == boot_ && is_up() && !store_.is_dead()) what();
  });
}

void SimGateway::note(const store::ChangeSet& set) {
  for (const store::Change& change : set.changes) {
    if (change.kind != store::Change::Kind::put) continue;
    if (change.table == store::Table::intent && on_accepted) {
      on_accepted(*this, must(sync::decode<domain::Intent>(change.body)));
    }
    if (change.table == store::Table::outbox && on_outcome) {
      on_outcome(*this, must(sync::decode<domain::OutboxEntry>(change.body)));
    }
  }
}

void SimGateway::submit(gateway::DeviceRequest request, Answer answer) {
  if (!is_up() || store_.is_dead()) return;
  const gateway::RequestToken token = ++running_->last_token;
  std::visit([token](auto& one) { one.token = token; }, request);
  running_->answers.emplace(token, std::move(answer));
  running_->carry_out(running_->engine.on_request(std::move(request)));
}

void SimGateway::hold_wire() {
  if (wire_) wire_->hold();
}
void SimGateway::release_wire() {
  if (wire_) wire_->release();
}
void SimGateway::reset_wire() {
  if (wire_) wire_->reset();
}

bool SimGateway::is_linked() const {
  return is_up() && running_->uplink.linked(coordinator_.tenant());
}

WallTime SimGateway::trusted_now() const {
  return running_->time.now();
}

std::string SimGateway::unfinished() const {
  using Kind = std::pair<store::Table, const char*>;
  for (const auto& [table, what] :
       {Kind{store::Table::intent, "an intent"}, Kind{store::Table::outbox, "an outcome"},
        Kind{store::Table::cleanup, "a clean-up task"}}) {
    const auto page = must(store_.disk().list(coordinator_.tenant(), table, "", 1));
    if (!page.records.empty()) return std::string(what) + " " + page.records.front().id;
  }
  return {};
}

}  // namespace berth::sim
