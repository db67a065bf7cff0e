#include "gateway/linux/cleanup_runner.hpp"

#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "shared/protocol/sync/record_codec.hpp"

namespace berth::gateway {
namespace {

namespace asio = boost::asio;

std::string id_of(const domain::CleanupTask& task) {
  return task.hub_id.str() + "/" + task.device_id.str();
}

}  // namespace

runtime::Task<void> CleanupRunner::run() {
  asio::steady_timer timer(executor_);
  for (;;) {
    const auto tenants = store_.tenants();
    if (tenants) {
      for (const domain::IdScope& tenant : *tenants) {
        if (tenant != store::kNode) co_await look_at(tenant);
      }
    }
    timer.expires_after(kCleanupInterval);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

runtime::Task<void> CleanupRunner::look_at(domain::IdScope tenant) {
  std::string continuation;
  do {
    const auto page = store_.list(tenant, store::Table::cleanup, continuation, store::kMaxPage);
    if (!page) {
      log_.error("clean-up tasks can't be read", {{"reason", page.error().reason}});
      co_return;
    }
    for (const store::Record& record : page->records) {
      auto task = sync::decode<domain::CleanupTask>(record.body);
      if (task && task->not_before <= clock_.wall()) {
        co_await carry_out(tenant, std::move(*task));
      }
    }
    continuation = page->continuation;
  } while (!continuation.empty());
}

Result<bool> CleanupRunner::is_wanted(const domain::IdScope& tenant,
                                      const domain::CleanupTask& task) const {
  const std::string& id = task.registration_id.folded();
  const auto intent = store_.read(tenant, store::Table::intent, id);
  if (!intent) return intent.error();
  // A registration under way may be on its way back to this hub: it is asked again later.
  if (intent->has_value()) return true;
  const auto record = store_.read(tenant, store::Table::registration, id);
  if (!record) return record.error();
  if (!record->has_value()) return false;
  const auto registration = sync::decode<domain::Registration>((*record)->body);
  if (!registration) return registration.error();
  return registration->status == domain::RegistrationStatus::assigned &&
         registration->hub_id == task.hub_id && registration->device_id == task.device_id;
}

runtime::Task<void> CleanupRunner::carry_out(domain::IdScope tenant, domain::CleanupTask task) {
  const auto wanted = is_wanted(tenant, task);
  if (!wanted) co_return;
  if (*wanted) {
    const auto intent = store_.read(tenant, store::Table::intent, task.registration_id.folded());
    const bool is_under_way = intent && intent->has_value();
    if (!is_under_way) drop(tenant, task);
    co_return;
  }
  const auto record = store_.read(tenant, store::Table::linked_hub, task.hub_id.str());
  if (!record || !record->has_value()) co_return;  // unlinked: nobody here may write to it
  auto hub = sync::decode<domain::LinkedHub>((*record)->body);
  if (!hub) co_return;
  const std::string host_name = hub->host_name;
  const auto outcome = co_await ask_hub(tenant, std::move(*hub), task);
  if (!outcome) {
    log_.warning("an identity was not removed from its hub; it is tried again",
                 {{"hub", host_name},
                  {"deviceId", task.device_id.str()},
                  {"reason", outcome.error().reason}});
    co_return;
  }
  switch (task.phase) {
    case domain::CleanupTask::Phase::disable:
      task.phase = domain::CleanupTask::Phase::remove;
      task.not_before = clock_.wall() + kCleanupGrace;
      // Disabling was a write of ours and gave the identity another etag.
      task.hub_etag = outcome->etag;
      keep(tenant, task);
      break;
    case domain::CleanupTask::Phase::remove:
      drop(tenant, task);
      log_.info("an identity was removed from the hub that its device left",
                {{"hub", host_name}, {"deviceId", task.device_id.str()}});
      break;
  }
}

runtime::Task<Result<hub::HubOutcome>> CleanupRunner::ask_hub(domain::IdScope tenant,
                                                              domain::LinkedHub hub,
                                                              domain::CleanupTask task) {
  auto start = [this, tenant, hub, task](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    hubs_.run(
        tenant, hub,
        [&task](hub::HubConnector& connector) {
          return task.phase == domain::CleanupTask::Phase::disable
                     ? connector.disable(task.device_id, task.hub_etag)
                     : connector.remove(task.device_id, task.hub_etag);
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

void CleanupRunner::keep(const domain::IdScope& tenant, const domain::CleanupTask& task) {
  store::Change change;
  change.table = store::Table::cleanup;
  change.id = id_of(task);
  change.body = sync::encode(task);
  store::ChangeSet set;
  set.tenant = tenant;
  set.changes.push_back(std::move(change));
  writer_.submit(std::move(set), [](const Result<store::Committed>&) {});
}

void CleanupRunner::drop(const domain::IdScope& tenant, const domain::CleanupTask& task) {
  store::Change change;
  change.kind = store::Change::Kind::erase;
  change.table = store::Table::cleanup;
  change.id = id_of(task);
  store::ChangeSet set;
  set.tenant = tenant;
  set.changes.push_back(std::move(change));
  writer_.submit(std::move(set), [](const Result<store::Committed>&) {});
}

}  // namespace berth::gateway
