// How a request is refused: the device gets DPS's error, the installer's log the reason, and the
// attempt is recorded beside what is known of the ID (design 3.3).
#pragma once

#include <chrono>
#include <optional>

#include "gateway/core/registration/action.hpp"
#include "gateway/core/registration/engine_ports.hpp"
#include "gateway/core/registration/pending_request.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/registration.hpp"

namespace berth::gateway {

class Refusals {
 public:
  Refusals(const EngineSettings& settings, const EnginePorts& ports)
      : settings_(settings), ports_(ports) {}

  // `enrollment`: the record that decided, if one did. `is_known`: a registration of the ID exists.
  void refuse(const PendingRequest& pending, const Error& error,
              const std::optional<domain::EnrollmentRef>& enrollment, bool is_known, Actions& out);

 private:
  [[nodiscard]] bool may_record();

  const EngineSettings& settings_;
  const EnginePorts& ports_;
  std::chrono::seconds recording_since_{};  // the second in which attempts are counted
  int recorded_ = 0;
};

}  // namespace berth::gateway
