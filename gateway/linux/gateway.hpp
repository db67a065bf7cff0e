// The gateway as a whole: what there is, in the order in which it depends on one another, and how
// it starts and stops. The only place that knows everything.
#pragma once

#include <memory>

#include "gateway/linux/config.hpp"
#include "shared/base/result.hpp"
#include "shared/runtime/log.hpp"

namespace berth::gateway {

class Gateway {
 public:
  // Opens the store and the listeners that need no certificate. Errc::wrong_key, io or invalid,
  // with what to do in the reason.
  [[nodiscard]] static Result<std::unique_ptr<Gateway>> open(const GatewayConfig& config,
                                                             runtime::Log& log);
  ~Gateway();

  // Joins if it must, serves until SIGTERM or Ctrl-C, and stops in order.
  [[nodiscard]] Result<void> run();

 private:
  class Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace berth::gateway
