#include "gateway/linux/cleanup_runner.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/core/registration/hub_attempts.hpp"
#include "shared/protocol/sync/record_codec.hpp"

namespace berth::gateway {
namespace {

namespace asio = boost::asio;

std::string id_of(const domain::CleanupTask& task) {
  return task.hub_id.str() + "/" + task.device_id.str();
}

// Asks again before every exchange that follows the first: between reading an identity and writing
// it a device may have come back. What comes later still changes the identity's etag.
class Guarded final : public hub::HubOperation {
 public:
  Guarded(std::unique_ptr<hub::HubOperation> operation, std::function<bool()> may_go_on)
      : operation_(std::move(operation)), may_go_on_(std::move(may_go_on)) {}

  const http::Request& next() const override { return operation_->next(); }

  std::optional<Result<hub::HubOutcome>> receive(const http::Response& response) override {
    auto ending = operation_->receive(response);
    if (!ending && !may_go_on_()) {
      return Result<hub::HubOutcome>(Error{Errc::conflict, "the device has come back"});
    }
    return ending;
  }

 private:
  std::unique_ptr<hub::HubOperation> operation_;
  std::function<bool()> may_go_on_;
};

}  // namespace

runtime::Task<void> CleanupRunner::run() {
  asio::steady_timer timer(executor_);
  for (;;) {
    co_await look();
    timer.expires_after(kCleanupInterval);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

runtime::Task<void> CleanupRunner::look() {
  const auto tenants = store_.tenants();
  if (!tenants) co_return;
  for (const domain::IdScope& tenant : *tenants) {
    if (tenant != store::kNode) co_await look_at(tenant);
  }
}

runtime::Task<void> CleanupRunner::look_at(domain::IdScope tenant) {
  std::set<domain::HubId> away;
  std::string continuation;
  do {
    const auto page = store_.list(tenant, store::Table::cleanup, continuation, store::kMaxPage);
    if (!page) {
      log_.error("clean-up tasks can't be read", {{"reason", page.error().reason}});
      co_return;
    }
    for (const store::Record& record : page->records) {
      auto task = sync::decode<domain::CleanupTask>(record.body);
      if (!task || task->not_before > clock_.wall() || away.contains(task->hub_id)) continue;
      const domain::HubId hub = task->hub_id;
      Held held{tenant, record.version, std::move(*task)};
      const bool answered = co_await carry_out(std::move(held));
      if (!answered) away.insert(hub);
    }
    continuation = page->continuation;
  } while (!continuation.empty());
}

CleanupRunner::Wanted CleanupRunner::wanted(const domain::IdScope& tenant,
                                            const domain::CleanupTask& task) const {
  const std::string& id = task.registration_id.folded();
  const auto intent = store_.read(tenant, store::Table::intent, id);
  // A registration under way may be on its way back to this hub.
  if (!intent || intent->has_value()) return Wanted::not_yet_known;
  const auto record = store_.read(tenant, store::Table::registration, id);
  if (!record) return Wanted::not_yet_known;
  if (!record->has_value()) return Wanted::no;
  const auto registration = sync::decode<domain::Registration>((*record)->body);
  if (!registration) return Wanted::not_yet_known;
  const bool names_it = registration->status == domain::RegistrationStatus::assigned &&
                        registration->hub_id == task.hub_id &&
                        registration->device_id == task.device_id;
  return names_it ? Wanted::yes : Wanted::no;
}

// The etag of our own write is no longer that of an identity that somebody wrote since. Without
// one, another gateway may have registered the device there: the coordinator knows.
runtime::Task<bool> CleanupRunner::ask_coordinator(domain::IdScope tenant,
                                                   domain::RegistrationId id) {
  if (!coordinator_.linked(tenant)) co_return false;
  auto start = [this, tenant, id](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    coordinator_.look_back(
        tenant, id, [this, shared] { asio::post(executor_, [shared] { std::move (*shared)(); }); });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<asio::any_io_executor>&, void()>(
      std::move(start), asio::use_awaitable);
  co_return coordinator_.linked(tenant);
}

runtime::Task<bool> CleanupRunner::carry_out(Held held) {
  domain::CleanupTask& task = held.task;
  if (task.hub_etag.empty()) {
    const bool is_known = co_await ask_coordinator(held.tenant, task.registration_id);
    if (!is_known) co_return true;
  }
  switch (wanted(held.tenant, task)) {
    case Wanted::no: break;
    case Wanted::not_yet_known: co_return true;
    case Wanted::yes: drop(held); co_return true;
  }
  const auto record = store_.read(held.tenant, store::Table::linked_hub, task.hub_id.str());
  if (!record || !record->has_value()) co_return true;  // unlinked: nobody here may write to it
  auto hub = sync::decode<domain::LinkedHub>((*record)->body);
  if (!hub) co_return true;
  const std::string host_name = hub->host_name;
  const auto outcome = co_await ask_hub(held.tenant, std::move(*hub), task);
  if (!outcome) {
    failed(held, host_name, outcome.error());
    co_return !is_passing(outcome.error().code);
  }
  complained_.erase(task.hub_id.str());
  complained_.erase(id_of(task));
  switch (task.phase) {
    case domain::CleanupTask::Phase::disable:
      task.phase = domain::CleanupTask::Phase::remove;
      task.not_before = clock_.wall() + kCleanupGrace;
      // Disabling was a write of ours and gave the identity another etag.
      task.hub_etag = outcome->etag;
      keep(held);
      break;
    case domain::CleanupTask::Phase::remove:
      drop(held);
      log_.info("an identity was removed from the hub that its device left",
                {{"hub", host_name}, {"deviceId", task.device_id.str()}});
      break;
  }
  co_return true;
}

void CleanupRunner::failed(const Held& held, const std::string& host_name, const Error& error) {
  const bool is_away = is_passing(error.code);
  const bool is_news =
      complained_.insert(is_away ? held.task.hub_id.str() : id_of(held.task)).second;
  if (error.code == Errc::conflict || !is_news) return;
  log_.warning(
      "an identity was not removed from its hub; it is tried again",
      {{"hub", host_name}, {"deviceId", held.task.device_id.str()}, {"reason", error.reason}});
}

runtime::Task<Result<hub::HubOutcome>> CleanupRunner::ask_hub(domain::IdScope tenant,
                                                              domain::LinkedHub hub,
                                                              domain::CleanupTask task) {
  auto start = [this, tenant, hub, task](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    hubs_.run(
        tenant, hub,
        [&](hub::HubConnector& connector) -> std::unique_ptr<hub::HubOperation> {
          auto operation = task.phase == domain::CleanupTask::Phase::disable
                               ? connector.disable(task.device_id, task.hub_etag)
                               : connector.remove(task.device_id, task.hub_etag);
          return std::make_unique<Guarded>(std::move(operation), [this, tenant, task] {
            return wanted(tenant, task) == Wanted::no;
          });
        },
        [this, shared](Result<hub::HubOutcome> outcome) {
          asio::post(executor_, [shared, outcome = std::move(outcome)]() mutable {
            std::move (*shared)(std::move(outcome));
          });
        });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<asio::any_io_executor>&,
                                          void(Result<hub::HubOutcome>)>(std::move(start),
                                                                         asio::use_awaitable);
}

// Both leave alone what was written in the task's place meanwhile.
void CleanupRunner::keep(const Held& held) {
  store::Change change;
  change.table = store::Table::cleanup;
  change.id = id_of(held.task);
  change.expected_version = held.version;
  change.body = sync::encode(held.task);
  store::ChangeSet set;
  set.tenant = held.tenant;
  set.changes.push_back(std::move(change));
  writer_.submit(std::move(set), [](const Result<store::Committed>&) {});
}

void CleanupRunner::drop(const Held& held) {
  store::Change change;
  change.kind = store::Change::Kind::erase;
  change.table = store::Table::cleanup;
  change.id = id_of(held.task);
  change.expected_version = held.version;
  store::ChangeSet set;
  set.tenant = held.tenant;
  set.changes.push_back(std::move(change));
  writer_.submit(std::move(set), [](const Result<store::Committed>&) {});
}

}  // namespace berth::gateway
