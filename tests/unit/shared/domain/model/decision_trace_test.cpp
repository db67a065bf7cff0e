#include "shared/domain/model/decision_trace.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth::domain;

TEST_GROUP(DecisionTrace){};

TEST(DecisionTrace, KeepsAsManyEntriesAsItsLimitsAndCountsTheRest) {
  DecisionTrace trace;
  for (std::size_t i = 0; i < kMaxTraceChecks; ++i) add_check(trace, "c", CheckResult::passed);
  for (std::size_t i = 0; i < kMaxTraceCandidates; ++i) add_candidate(trace, {});
  for (std::size_t i = 0; i < kMaxTraceAttempts; ++i) add_attempt(trace, {});
  LONGS_EQUAL(kMaxTraceChecks, trace.checks.size());
  LONGS_EQUAL(kMaxTraceCandidates, trace.candidates.size());
  LONGS_EQUAL(kMaxTraceAttempts, trace.attempts.size());
  LONGS_EQUAL(0, trace.checks_left_out + trace.candidates_left_out + trace.attempts_left_out);

  add_check(trace, "c", CheckResult::failed);
  add_candidate(trace, {});
  add_attempt(trace, {});
  LONGS_EQUAL(kMaxTraceChecks, trace.checks.size());
  LONGS_EQUAL(kMaxTraceCandidates, trace.candidates.size());
  LONGS_EQUAL(kMaxTraceAttempts, trace.attempts.size());
  LONGS_EQUAL(1, trace.checks_left_out);
  LONGS_EQUAL(1, trace.candidates_left_out);
  LONGS_EQUAL(1, trace.attempts_left_out);
}

TEST(DecisionTrace, CutsTextAtTheLimitAndNeverWithinACharacter) {
  const std::string full(kMaxTraceText, 'x');
  CHECK_TRUE(trace_text(full) == full);
  CHECK_TRUE(trace_text(full + "y") == full);
  const std::string umlaut = std::string(kMaxTraceText - 1, 'x') + "\xC3\xBC";
  CHECK_TRUE(trace_text(umlaut) == std::string(kMaxTraceText - 1, 'x'));
  CHECK_TRUE(trace_text(std::string(kMaxTraceText + 5, '\x80')).empty());

  DecisionTrace trace;
  add_check(trace, "c", CheckResult::passed, full + "y");
  add_candidate(trace, {{}, {}, 1, {}, {}, full + "y"});
  add_attempt(trace, {{}, {}, full + "y"});
  CHECK_TRUE(trace.checks.front().text == full);
  CHECK_TRUE(trace.candidates.front().remark == full);
  CHECK_TRUE(trace.attempts.front().end == full);
}
