// How a request is refused: the device gets DPS's error, the installer's log the reason, and the
// attempt is recorded beside what is known of the ID (design 3.3). Who fails to attest again and
// again is answered later and later (design 7).
#pragma once

#include <chrono>
#include <optional>

#include "gateway/core/registration/action.hpp"
#include "gateway/core/registration/engine_ports.hpp"
#include "gateway/core/registration/failed_attempts.hpp"
#include "gateway/core/registration/pending_request.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/registration.hpp"

namespace berth::gateway {

// Whether the error says that the device did not show who it is.
[[nodiscard]] bool is_failed_attestation(Errc code);

class Refusals {
 public:
  Refusals(const EngineSettings& settings, const EnginePorts& ports)
      : settings_(settings), ports_(ports) {}

  // `enrollment`: the record that decided, if one did. `is_known`: a registration of the ID exists.
  void refuse(const PendingRequest& pending, const Error& error,
              const std::optional<domain::EnrollmentRef>& enrollment, bool is_known, Actions& out);

  // Whether attestation failed so often lately, from that address and under that ID, that one more
  // failure is answered late.
  [[nodiscard]] bool is_suspect(const PendingRequest& pending) const;

  // Gives the answers that had to wait.
  void on_time(MonotonicTime now, Actions& out);
  [[nodiscard]] std::optional<MonotonicTime> next_wake() const { return held_.next_due(); }

 private:
  [[nodiscard]] bool may_record();

  const EngineSettings& settings_;
  const EnginePorts& ports_;
  std::chrono::seconds recording_since_{};  // the second in which attempts are counted
  int recorded_ = 0;
  FailedAttempts failed_;
  HeldReplies held_;
};

}  // namespace berth::gateway
