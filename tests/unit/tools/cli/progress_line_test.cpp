#include "tools/cli/progress_line.hpp"

#include <sstream>
#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::cli;
using namespace std::chrono_literals;

TEST_GROUP(ProgressLine) {
  std::ostringstream out;
};

TEST(ProgressLine, SaysNothingUnlessAskedTo) {
  ProgressLine line(out, ProgressLine::Form::none);
  line.show(1s, 10, 0, 0.5);
  line.end();
  CHECK(out.str().empty());
}

TEST(ProgressLine, SaysHowFastItGoesAndHowLongItWillTake) {
  ProgressLine line(out, ProgressLine::Form::lines);
  line.show(1s, 0, 0, 0.0);
  line.show(11s, 1000, 2, 0.25);
  STRCMP_EQUAL("0 rows\n1000 rows, 100/s, 2 refused, about 30 s left\n", out.str().c_str());
}

TEST(ProgressLine, CountsFromWhereAnEarlierRunStopped) {
  ProgressLine line(out, ProgressLine::Form::lines);
  line.show(1s, 5000, 0, 0.5);
  line.show(11s, 6000, 0, 0.6);
  STRCMP_EQUAL("5000 rows\n6000 rows, 100/s, about 40 s left\n", out.str().c_str());
}

TEST(ProgressLine, SaysNoMoreOftenThanSomebodyReads) {
  ProgressLine line(out, ProgressLine::Form::lines);
  line.show(1s, 0, 0, std::nullopt);
  line.show(1s + ProgressLine::kBetweenLines - 1ns, 9, 0, std::nullopt);
  STRCMP_EQUAL("0 rows\n", out.str().c_str());
}

TEST(ProgressLine, WritesOverALongerTextOnATerminal) {
  ProgressLine line(out, ProgressLine::Form::overwritten);
  line.show(1s, 0, 0, 0.0);
  line.show(2s, 1000, 0, 0.1);
  line.show(3s, 1000, 0, std::nullopt);
  line.end();
  STRCMP_EQUAL("\r0 rows\r1000 rows, 1000/s, about 9 s left\r1000 rows, 500/s                 \n",
               out.str().c_str());
}
