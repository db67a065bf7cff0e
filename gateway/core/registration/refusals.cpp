#include "gateway/core/registration/refusals.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "gateway/core/limits.hpp"
#include "gateway/core/registration/outcomes.hpp"
#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/match_trace.hpp"
#include "shared/protocol/sas_token.hpp"

namespace berth::gateway {
namespace {

// What a device wrote, fit for one line of a log.
std::string loggable(std::string_view text) {
  std::string out(text.substr(0, kMaxLoggedText));
  for (char& c : out) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  return out;
}

}  // namespace

bool is_failed_attestation(Errc code) {
  return code == Errc::unauthorized || code == Errc::certificate_refused;
}

void Refusals::refuse(const PendingRequest& pending, const Error& error,
                      const std::optional<domain::EnrollmentRef>& enrollment, bool is_known,
                      Actions& out) {
  const Claim& claim = pending.claim();
  Refusal refusal;
  refusal.code = error.code;
  refusal.tracking_id = protocol::new_guid(ports_.entropy);
  if (error.code == Errc::throttled || error.code == Errc::unavailable) {
    refusal.retry_after = kOverloadRetryAfter;
  }
  out.emplace_back(Log{Log::Level::warning, loggable(claim.id_scope),
                       loggable(claim.registration_id), claim.source, refusal.tracking_id,
                       error.reason});
  out.emplace_back(Refused{pending.token(), pending.tenant, loggable(claim.registration_id),
                           claim.source, claim.protocol, refusal.tracking_id, error});
  if (std::holds_alternative<RegisterRequest>(pending.request) && !pending.tenant.empty()) {
    // The coordinator tells them apart by the same trace.
    if (domain::passed_attestation(pending.decision)) {
      count(out, Count::What::registration_attempt, pending.tenant, claim.protocol, {}, false);
    }
    // Recorded beside what exists, and only there: IDs that somebody makes up fill no disk.
    if ((is_known || enrollment) && may_record()) {
      domain::OutboxEntry entry;
      entry.id_scope = pending.tenant;
      entry.kind = domain::OutboxEntry::Kind::failed_attempt;
      entry.registration.registration_id = pending.registration_id;
      if (enrollment) entry.registration.enrollment = *enrollment;
      entry.registration.gateway_id = settings_.gateway_id;
      entry.registration.arrival = pending.arrival;
      entry.tracking_id = refusal.tracking_id;
      entry.protocol = claim.protocol;
      entry.registration.last_attempt = attempt_failed_by(error, ports_.clock.wall());
      entry.registration.last_attempt->decision = pending.decision;
      entry.arrival_moment = {
          settings_.boot_id,
          std::chrono::duration_cast<std::chrono::microseconds>(pending.arrived)};
      out.emplace_back(RecordAttempt{std::move(entry)});
    }
  }
  std::string tracking_id = refusal.tracking_id;
  Reply reply{pending.token(), std::move(refusal), std::move(tracking_id)};
  if (is_failed_attestation(error.code)) {
    const MonotonicTime now = ports_.clock.monotonic();
    const auto delay = failed_.note(claim.source, claim.id_scope, claim.registration_id, now);
    if (delay.count() > 0 && held_.hold(reply, now + delay)) return;
  }
  out.emplace_back(SendReply{std::move(reply)});
}

bool Refusals::is_suspect(const PendingRequest& pending) const {
  const Claim& claim = pending.claim();
  return failed_.is_suspect(claim.source, claim.id_scope, claim.registration_id,
                            ports_.clock.monotonic());
}

void Refusals::on_time(MonotonicTime now, Actions& out) {
  for (Reply& reply : held_.take_due(now)) out.emplace_back(SendReply{std::move(reply)});
}

// Each one costs a write: who guesses at an enrolled ID must not set the pace of the disk.
bool Refusals::may_record() {
  const auto second = std::chrono::floor<std::chrono::seconds>(ports_.clock.monotonic());
  if (second != recording_since_) {
    recording_since_ = second;
    recorded_ = 0;
  }
  return recorded_++ < kMaxRecordedAttempts;
}

}  // namespace berth::gateway
