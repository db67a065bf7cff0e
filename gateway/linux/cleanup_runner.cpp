#include "gateway/linux/cleanup_runner.hpp"

#include <memory>
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
      if (!task || !is_to_be_looked_at(*task, clock_.wall()) || away.contains(task->hub_id)) {
        continue;
      }
      const domain::HubId hub = task->hub_id;
      HeldCleanup held{tenant, record.version, std::move(*task)};
      const bool answered = co_await carry_out(std::move(held));
      if (!answered) away.insert(hub);
    }
    continuation = page->continuation;
  } while (!continuation.empty());
}

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

runtime::Task<bool> CleanupRunner::carry_out(HeldCleanup held) {
  const domain::CleanupTask& task = held.task;
  auto step = next_step(store_, held, clock_.wall(), false);
  if (step == CleanupStep::ask_coordinator) {
    const bool is_known = co_await ask_coordinator(held.tenant, task.registration_id);
    if (!is_known) co_return true;
    step = next_step(store_, held, clock_.wall(), true);
  }
  switch (step) {
    case CleanupStep::wait:
    case CleanupStep::ask_coordinator: co_return true;
    case CleanupStep::drop: note(held, step, {}); co_return true;
    case CleanupStep::disable:
    case CleanupStep::enable:
    case CleanupStep::remove: break;
  }
  const auto record = store_.read(held.tenant, store::Table::linked_hub, task.hub_id.str());
  if (!record || !record->has_value()) co_return true;  // unlinked: nobody here may write to it
  auto hub = sync::decode<domain::LinkedHub>((*record)->body);
  if (!hub) co_return true;
  const std::string host_name = hub->host_name;
  const auto outcome = co_await ask_hub(std::move(*hub), held, step);
  if (!outcome) {
    failed(held, host_name, outcome.error());
    co_return !is_passing(outcome.error().code);
  }
  complained_.erase(task.hub_id.str());
  complained_.erase(cleanup_id(task));
  note(held, step, *outcome);
  if (step == CleanupStep::remove) {
    log_.info("an identity was removed from the hub that its device left",
              {{"hub", host_name}, {"deviceId", task.device_id.str()}});
  }
  co_return true;
}

void CleanupRunner::failed(const HeldCleanup& held, const std::string& host_name,
                           const Error& error) {
  const bool is_away = is_passing(error.code);
  const bool is_news =
      complained_.insert(is_away ? held.task.hub_id.str() : cleanup_id(held.task)).second;
  if (error.code == Errc::conflict || !is_news) return;
  log_.warning(
      "an identity was not removed from its hub; it is tried again",
      {{"hub", host_name}, {"deviceId", held.task.device_id.str()}, {"reason", error.reason}});
}

runtime::Task<Result<hub::HubOutcome>> CleanupRunner::ask_hub(domain::LinkedHub hub,
                                                              HeldCleanup held, CleanupStep step) {
  auto start = [this, hub, held, step](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    hubs_.run(
        held.tenant, hub,
        [&](hub::HubConnector& connector) {
          return cleanup_operation(store_, held, step, connector);
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

void CleanupRunner::note(const HeldCleanup& held, CleanupStep step,
                         const hub::HubOutcome& outcome) {
  writer_.submit(cleanup_done(held, step, outcome, clock_.wall()),
                 [](const Result<store::Committed>&) {});
}

}  // namespace berth::gateway
