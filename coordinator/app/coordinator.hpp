// The coordinator as a whole: what there is, in the order in which it depends on one another, and
// how it starts and stops. The only place that knows everything. One thread.
#pragma once

#include <memory>

#include "coordinator/app/config.hpp"
#include "shared/base/result.hpp"
#include "shared/runtime/log.hpp"

namespace berth::coordinator {

class Coordinator {
 public:
  // Opens (at the first start: makes) the store, the CA and the listeners. Errc::wrong_key, io or
  // invalid, with what to do in the reason.
  [[nodiscard]] static Result<std::unique_ptr<Coordinator>> open(const CoordinatorConfig& config,
                                                                 runtime::Log& log);
  ~Coordinator();

  // Serves until SIGTERM or Ctrl-C, and stops in order.
  void run();

 private:
  class Impl;
  explicit Coordinator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::coordinator
