// Notes the checks of one match, in the order in which they are made, with what became of each.
// What comes after a check that failed is noted as not reached.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/domain/attestation/verdict.hpp"
#include "shared/domain/model/decision_trace.hpp"

namespace berth::domain {

class MatchTrace {
 public:
  // Null: nothing is noted.
  explicit MatchTrace(DecisionTrace* into) : into_(into) {}

  // The checks that are to come from here on, in order.
  void plan(std::vector<std::string_view> checks);
  // This one is being made, and the one before it has passed. `text`: what there is to say of it if
  // it passes.
  void at(std::string_view check, std::string text = {});
  // More to say of it.
  void say(std::string text) { text_ = std::move(text); }
  // The match is over: a refusal is the last check's failure.
  void end(const Verdict& verdict);

 private:
  void close(CheckResult result, std::string_view text);

  DecisionTrace* into_;
  std::string current_;
  std::string text_;
  std::vector<std::string_view> to_come_;
};

// Whether the trace is of a device whose evidence held: what failed then is something else.
[[nodiscard]] bool passed_attestation(const DecisionTrace& trace);

}  // namespace berth::domain
