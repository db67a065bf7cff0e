#include "shared/domain/attestation/match_trace.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace berth::domain {

void MatchTrace::plan(std::vector<std::string_view> checks) {
  to_come_ = std::move(checks);
}

void MatchTrace::close(CheckResult result, std::string_view text) {
  if (into_ != nullptr && !current_.empty()) add_check(*into_, current_, result, text);
  current_.clear();
  text_.clear();
}

void MatchTrace::at(std::string_view check, std::string text) {
  close(CheckResult::passed, text_);
  current_ = check;
  text_ = std::move(text);
  const auto planned = std::ranges::find(to_come_, check);
  if (planned != to_come_.end()) to_come_.erase(to_come_.begin(), planned + 1);
}

void MatchTrace::end(const Verdict& verdict) {
  const auto* refusal = std::get_if<Refusal>(&verdict);
  if (refusal == nullptr) {
    close(CheckResult::passed, text_);
    return;
  }
  close(CheckResult::failed, refusal->error.reason);
  if (into_ == nullptr) return;
  for (const std::string_view check : to_come_) {
    add_check(*into_, check, CheckResult::not_reached);
  }
}

bool passed_attestation(const DecisionTrace& trace) {
  return !trace.checks.empty() && std::ranges::all_of(trace.checks, [](const auto& check) {
    return check.result == CheckResult::passed;
  });
}

}  // namespace berth::domain
