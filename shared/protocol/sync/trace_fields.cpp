// The decision trace as a field of a record. An empty one is not written at all, so that records
// without a decision stay as small as they were.
#include "shared/protocol/sync/wire_fields.hpp"

namespace berth::sync {
namespace {

bool within_limits(const wire::DecisionTrace& from) {
  return from.checks_size() <= static_cast<int>(domain::kMaxTraceChecks) &&
         from.candidates_size() <= static_cast<int>(domain::kMaxTraceCandidates) &&
         from.attempts_size() <= static_cast<int>(domain::kMaxTraceAttempts);
}

}  // namespace

void put(const domain::DecisionTrace& from, wire::DecisionTrace& to) {
  for (const domain::DecisionCheck& check : from.checks) {
    wire::DecisionCheck& out = *to.add_checks();
    out.set_name(check.name);
    out.set_result(number_of(check.result));
    out.set_text(check.text);
  }
  to.set_checks_left_out(from.checks_left_out);
  to.set_policy_source(number_of(from.policy_source));
  if (from.policy) to.set_policy(number_of(*from.policy));
  for (const domain::DecisionCandidate& candidate : from.candidates) {
    wire::DecisionCandidate& out = *to.add_candidates();
    out.set_hub_id(candidate.hub_id.str());
    out.set_host_name(candidate.host_name);
    out.set_weight(candidate.weight);
    if (candidate.latency) {
      out.set_latency_us(static_cast<std::uint64_t>(candidate.latency->count()));
    }
    if (candidate.score) out.set_score(*candidate.score);
    out.set_remark(candidate.remark);
  }
  to.set_candidates_left_out(from.candidates_left_out);
  to.set_hub_id(from.hub_id.str());
  to.set_host_name(from.host_name);
  to.set_reason(from.reason);
  for (const domain::TracedAttempt& attempt : from.attempts) {
    wire::TracedAttempt& out = *to.add_attempts();
    out.set_host_name(attempt.host_name);
    out.set_at(unix_micros(attempt.at));
    out.set_end(attempt.end);
  }
  to.set_attempts_left_out(from.attempts_left_out);
  to.set_hub_call(from.hub_call);
}

bool take(const wire::DecisionTrace& from, domain::DecisionTrace& to) {
  if (!within_limits(from) ||
      !take_enum(from.policy_source(), domain::PolicySource::service_default, to.policy_source)) {
    return false;
  }
  if (from.has_policy() &&
      !take_enum(from.policy(), domain::AllocationPolicy::custom, to.policy.emplace())) {
    return false;
  }
  for (const wire::DecisionCheck& in : from.checks()) {
    domain::DecisionCheck& check = to.checks.emplace_back();
    check.name = in.name();
    check.text = in.text();
    if (!take_enum(in.result(), domain::CheckResult::not_reached, check.result)) return false;
  }
  for (const wire::DecisionCandidate& in : from.candidates()) {
    domain::DecisionCandidate& candidate = to.candidates.emplace_back();
    take_id(in.hub_id(), candidate.hub_id);
    candidate.host_name = in.host_name();
    candidate.weight = in.weight();
    if (in.has_latency_us()) {
      candidate.latency = std::chrono::microseconds(static_cast<std::int64_t>(in.latency_us()));
    }
    if (in.has_score()) candidate.score = in.score();
    candidate.remark = in.remark();
  }
  for (const wire::TracedAttempt& in : from.attempts()) {
    to.attempts.push_back(
        domain::TracedAttempt{in.host_name(), from_unix_micros(in.at()), in.end()});
  }
  to.checks_left_out = from.checks_left_out();
  to.candidates_left_out = from.candidates_left_out();
  to.attempts_left_out = from.attempts_left_out();
  take_id(from.hub_id(), to.hub_id);
  to.host_name = from.host_name();
  to.reason = from.reason();
  to.hub_call = from.hub_call();
  return true;
}

}  // namespace berth::sync
