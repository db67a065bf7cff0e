// Removes from hubs what no registration names any more (design section 3.7): disable first, delete
// after a grace period, and only what is ours. Tasks are durable; whatever fails is tried again.
#pragma once

#include <chrono>

#include <boost/asio/any_io_executor.hpp>

#include "gateway/linux/hub_link.hpp"
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
                StoreWriter& writer, HubLink& hubs, ports::Clock& clock, runtime::Log& log)
      : executor_(executor),
        store_(store),
        writer_(writer),
        hubs_(hubs),
        clock_(clock),
        log_(log) {}

  // Until it is cancelled.
  [[nodiscard]] runtime::Task<void> run();

 private:
  runtime::Task<void> look_at(domain::IdScope tenant);
  runtime::Task<void> carry_out(domain::IdScope tenant, domain::CleanupTask task);
  // Whether a registration names what the task wants to remove.
  [[nodiscard]] Result<bool> is_wanted(const domain::IdScope& tenant,
                                       const domain::CleanupTask& task) const;
  runtime::Task<Result<hub::HubOutcome>> ask_hub(domain::IdScope tenant, domain::LinkedHub hub,
                                                 domain::CleanupTask task);
  void keep(const domain::IdScope& tenant, const domain::CleanupTask& task);
  void drop(const domain::IdScope& tenant, const domain::CleanupTask& task);

  boost::asio::any_io_executor executor_;
  const store::RecordStore& store_;
  StoreWriter& writer_;
  HubLink& hubs_;
  ports::Clock& clock_;
  runtime::Log& log_;
};

}  // namespace berth::gateway
