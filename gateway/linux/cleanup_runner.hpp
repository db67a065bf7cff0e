// Carries out clean-up tasks (cleanup_tasks.hpp). They are durable; whatever fails is tried again.
#pragma once

#include <set>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "gateway/linux/cleanup_tasks.hpp"
#include "gateway/linux/hub_link.hpp"
#include "gateway/linux/shard.hpp"
#include "gateway/linux/store_writer.hpp"
#include "shared/ports/clock.hpp"
#include "shared/runtime/log.hpp"
#include "shared/runtime/task.hpp"

namespace berth::gateway {

class CleanupRunner {
 public:
  // All outlive the runner.
  CleanupRunner(boost::asio::any_io_executor executor, const store::RecordStore& store,
                StoreWriter& writer, HubLink& hubs, CoordinatorQuestions& coordinator,
                ports::Clock& clock, runtime::Log& log)
      : executor_(executor),
        store_(store),
        writer_(writer),
        hubs_(hubs),
        coordinator_(coordinator),
        clock_(clock),
        log_(log) {}

  // Until it is cancelled.
  [[nodiscard]] runtime::Task<void> run();
  // One round over all tasks that are due.
  [[nodiscard]] runtime::Task<void> look();

 private:
  runtime::Task<void> look_at(domain::IdScope tenant);
  // Whether its hub answered.
  runtime::Task<bool> carry_out(HeldCleanup held);
  // False if what other gateways registered can't be known now.
  runtime::Task<bool> ask_coordinator(domain::IdScope tenant, domain::RegistrationId id);
  runtime::Task<Result<hub::HubOutcome>> ask_hub(domain::LinkedHub hub, HeldCleanup held,
                                                 CleanupStep step);
  void failed(const HeldCleanup& held, const std::string& host_name, const Error& error);
  void note(const HeldCleanup& held, CleanupStep step, const hub::HubOutcome& outcome);

  boost::asio::any_io_executor executor_;
  const store::RecordStore& store_;
  StoreWriter& writer_;
  HubLink& hubs_;
  CoordinatorQuestions& coordinator_;
  ports::Clock& clock_;
  runtime::Log& log_;
  std::set<std::string> complained_;  // hubs that are away, tasks that fail: each is logged once
};

}  // namespace berth::gateway
