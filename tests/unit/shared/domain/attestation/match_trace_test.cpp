#include "shared/domain/attestation/match_trace.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::domain;

TEST_GROUP(MatchTrace) {
  DecisionTrace trace;

  void check(std::size_t at, const char* name, CheckResult result, const char* text) {
    CHECK_TRUE(at < trace.checks.size());
    STRCMP_EQUAL(name, trace.checks[at].name.c_str());
    CHECK_TRUE(trace.checks[at].result == result);
    STRCMP_EQUAL(text, trace.checks[at].text.c_str());
  }
};

TEST(MatchTrace, NotesWhatPassedAndWhatFailedAndWhatWasNotReached) {
  MatchTrace notes(&trace);
  notes.plan({"a", "b", "c", "d"});
  notes.at("a", "all is well");
  notes.at("c");  // b was not asked
  notes.end(Refusal{Error{Errc::disabled, "it is disabled"}});
  LONGS_EQUAL(3, trace.checks.size());
  check(0, "a", CheckResult::passed, "all is well");
  check(1, "c", CheckResult::failed, "it is disabled");
  check(2, "d", CheckResult::not_reached, "");
}

TEST(MatchTrace, SaysOfACheckWhatIsKnownWhenItHasPassed) {
  MatchTrace notes(&trace);
  notes.at("a", "perhaps");
  notes.say("certainly");
  notes.end(Attested{});
  LONGS_EQUAL(1, trace.checks.size());
  check(0, "a", CheckResult::passed, "certainly");
}

TEST(MatchTrace, NotesNothingWhereNobodyAsks) {
  MatchTrace notes(nullptr);
  notes.plan({"a"});
  notes.at("a");
  notes.end(Refusal{Error{Errc::disabled, "it is disabled"}});
  LONGS_EQUAL(0, trace.checks.size());
}

TEST(MatchTrace, TellsWhoPassedFromWhomWasRefusedAndFromWhomNobodyJudged) {
  CHECK_FALSE(passed_attestation(trace));
  MatchTrace passed(&trace);
  passed.at("a");
  passed.at("b");
  passed.end(Attested{});
  CHECK_TRUE(passed_attestation(trace));
  trace = {};
  MatchTrace refused(&trace);
  refused.at("a");
  refused.at("b");
  refused.end(Refusal{Error{Errc::disabled, "it is disabled"}});
  CHECK_FALSE(passed_attestation(trace));
}
