#include "shared/domain/model/decision_trace.hpp"

#include <utility>

namespace berth::domain {

std::string trace_text(std::string_view text) {
  if (text.size() <= kMaxTraceText) return std::string(text);
  std::size_t end = kMaxTraceText;
  // A character that begins before the limit and ends past it goes as a whole.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end));
}

void add_check(DecisionTrace& trace, std::string_view name, CheckResult result,
               std::string_view text) {
  if (trace.checks.size() == kMaxTraceChecks) {
    ++trace.checks_left_out;
    return;
  }
  trace.checks.push_back(DecisionCheck{trace_text(name), result, trace_text(text)});
}

void add_candidate(DecisionTrace& trace, DecisionCandidate candidate) {
  if (trace.candidates.size() == kMaxTraceCandidates) {
    ++trace.candidates_left_out;
    return;
  }
  candidate.remark = trace_text(candidate.remark);
  trace.candidates.push_back(std::move(candidate));
}

void add_attempt(DecisionTrace& trace, TracedAttempt attempt) {
  if (trace.attempts.size() == kMaxTraceAttempts) {
    ++trace.attempts_left_out;
    return;
  }
  attempt.end = trace_text(attempt.end);
  trace.attempts.push_back(std::move(attempt));
}

}  // namespace berth::domain
