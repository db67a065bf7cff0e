#include "gateway/core/registration/hub_attempts.hpp"

#include "shared/base/assert.hpp"

namespace berth::gateway {
namespace {

// Nothing of ours can stand in the hub after such an end.
bool wrote_nothing(Errc code) {
  return is_definite_refusal(code) || code == Errc::hub_conflict ||
         code == Errc::hub_unauthorized || code == Errc::throttled;
}

bool may_stand(const domain::HubAttempt& attempt) {
  return !attempt.failure || !wrote_nothing(*attempt.failure);
}

}  // namespace

bool is_passing(Errc code) {
  return code == Errc::unavailable || code == Errc::throttled || code == Errc::timed_out ||
         code == Errc::hub_unauthorized;
}

bool is_definite_refusal(Errc code) {
  return code == Errc::hub_refused || code == Errc::hub_full;
}

void begin_attempt(domain::Intent& intent, const domain::HubId& hub, const std::string& host_name,
                   WallTime now) {
  intent.hub_id = hub;
  intent.host_name = host_name;
  if (!intent.attempts.empty() && intent.attempts.back().hub_id == hub) return;
  intent.attempts.push_back(domain::HubAttempt{hub, host_name, now, std::nullopt, {}});
}

void note_interruption(domain::Intent& intent) {
  if (intent.attempts.empty() || intent.attempts.back().failure) return;
  intent.attempts.back().failure = Errc::timed_out;
  intent.attempts.back().reason = "the gateway stopped before the hub's answer";
}

void note_failure(domain::Intent& intent, const Error& error, WallTime now) {
  BERTH_ASSERT(!intent.attempts.empty());
  domain::HubAttempt& last = intent.attempts.back();
  const bool was_uncertain = last.failure && may_stand(last);
  if (!was_uncertain || !wrote_nothing(error.code)) {
    last.failure = error.code;
    last.reason = error.reason;
  } else if (!is_passing(error.code)) {
    intent.attempts.push_back(
        domain::HubAttempt{last.hub_id, last.host_name, now, error.code, error.reason});
  }
}

std::vector<domain::HubId> hubs_that_refused(const domain::Intent& intent) {
  std::vector<domain::HubId> out;
  for (const domain::HubAttempt& attempt : intent.attempts) {
    if (attempt.failure && is_definite_refusal(*attempt.failure)) out.push_back(attempt.hub_id);
  }
  return out;
}

std::vector<domain::CleanupTask> cleanup_after(const domain::Intent& intent,
                                               const domain::HubId* home, WallTime now) {
  std::vector<domain::CleanupTask> out;
  const auto remove = [&](const domain::HubId& hub, const domain::DeviceId& device,
                          const std::string& etag) {
    out.push_back(domain::CleanupTask{hub, device, intent.registration_id, etag, now,
                                      domain::CleanupTask::Phase::disable});
  };
  if (home != nullptr && intent.previous) {
    remove(intent.previous->hub_id, intent.previous->device_id, intent.previous->hub_etag);
  }
  for (const domain::HubAttempt& attempt : intent.attempts) {
    if (home != nullptr && attempt.hub_id == *home) continue;
    if (may_stand(attempt)) remove(attempt.hub_id, intent.device_id, {});
  }
  return out;
}

}  // namespace berth::gateway
