// A request on its way to a verdict: what was read of its claim, and what it has waited for.
#pragma once

#include "gateway/core/device/request.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/attestation/evidence.hpp"
#include "shared/domain/model/decision_trace.hpp"
#include "shared/domain/model/ids.hpp"

namespace berth::gateway {

struct PendingRequest {
  DeviceRequest request;
  domain::IdScope tenant;
  domain::RegistrationId registration_id;
  domain::Evidence evidence;
  WallTime arrival{};
  MonotonicTime arrived{};
  bool fenced = false;             // matched again after the fence
  bool looked_back = false;        // the coordinator was asked, with or without an answer
  domain::DecisionTrace decision;  // how its claim was judged
  bool is_counted = false;         // whether it attested was counted
  int decisions = 0;  // that came to nothing, since the enrollment had changed meanwhile

  [[nodiscard]] const Claim& claim() const {
    return std::visit([](const auto& r) -> const Claim& { return r.claim; }, request);
  }
  [[nodiscard]] RequestToken token() const {
    return std::visit([](const auto& r) { return r.token; }, request);
  }
};

}  // namespace berth::gateway
