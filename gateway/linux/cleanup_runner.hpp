// Removes from hubs what no registration names any more (design section 3.7): disable first, delete
// after a grace period, and only what is ours. Tasks are durable; whatever fails is tried again.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "gateway/linux/hub_link.hpp"
#include "gateway/linux/shard.hpp"
#include "gateway/linux/store_writer.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/ports/clock.hpp"
#include "shared/runtime/log.hpp"
#include "shared/runtime/task.hpp"

namespace berth::gateway {

inline constexpr std::chrono::seconds kCleanupInterval{5};
// Between disabling an identity and deleting it: time to notice a mistake.
inline constexpr std::chrono::hours kCleanupGrace{1};

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
  // A task as the store holds it.
  struct Held {
    domain::IdScope tenant;
    std::uint64_t version = 0;
    domain::CleanupTask task;
  };
  runtime::Task<void> look_at(domain::IdScope tenant);
  // Whether its hub answered.
  runtime::Task<bool> carry_out(Held held);
  // False if what other gateways registered can't be known now.
  runtime::Task<bool> ask_coordinator(domain::IdScope tenant, domain::RegistrationId id);
  // Whether a registration names what the task wants to remove, or may come to.
  enum class Wanted : std::uint8_t { no, not_yet_known, yes };
  [[nodiscard]] Wanted wanted(const domain::IdScope& tenant, const domain::CleanupTask& task) const;
  runtime::Task<Result<hub::HubOutcome>> ask_hub(domain::IdScope tenant, domain::LinkedHub hub,
                                                 domain::CleanupTask task);
  void failed(const Held& held, const std::string& host_name, const Error& error);
  void keep(const Held& held);
  void drop(const Held& held);

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
