#include "tools/cli/export_run.hpp"

#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>
#include <boost/json/object.hpp>

using namespace berth;
using namespace berth::cli;
using namespace std::chrono_literals;

namespace {

namespace bj = boost::json;

struct Pages final : ExportSink {
  std::size_t rows = 0;
  std::vector<std::string> continuations;
  bool is_full = false;

  Result<void> take(bj::array page, const std::string& next) override {
    if (is_full) return Error{Errc::io, "the disk is full"};
    rows += page.size();
    continuations.push_back(next);
    return {};
  }
  void show(MonotonicTime) override {}
};

Result<Answer> page(std::size_t rows, const std::string& continuation) {
  bj::object body;
  body["value"] = bj::array(rows);
  if (!continuation.empty()) body["continuation"] = continuation;
  return Answer{200, std::move(body), 0s};
}

}  // namespace

TEST_GROUP(ExportRun) {
  Pages pages;
  ExportRun run{EnrollmentKind::individual, ExportKeys::left_out, {}, pages};
  const MonotonicTime now{1s};
};

TEST(ExportRun, AsksPageAfterPageUntilTheLast) {
  auto request = run.next(now);
  STRCMP_EQUAL("GET", request->method.c_str());
  STRCMP_EQUAL("/berth/v1/enrollments?maxItemCount=200", request->path.c_str());
  CHECK_FALSE(run.next(now).has_value());
  run.answered(0, page(200, "a/b"), now);
  CHECK_FALSE(run.is_over());
  request = run.next(now);
  STRCMP_EQUAL("/berth/v1/enrollments?maxItemCount=200&continuation=a%2Fb", request->path.c_str());
  run.answered(0, page(7, ""), now);
  CHECK(run.is_over());
  CHECK(run.finish().has_value());
  CHECK_EQUAL(207U, pages.rows);
  CHECK(pages.continuations == (std::vector<std::string>{"a/b", ""}));
}

TEST(ExportRun, AsksForKeysAndGroupsWhereTheyAre) {
  ExportRun keys(EnrollmentKind::group, ExportKeys::included, "c", pages);
  const auto request = keys.next(now);
  STRCMP_EQUAL("POST", request->method.c_str());
  STRCMP_EQUAL("/berth/v1/enrollmentGroups/listKeys?maxItemCount=200&continuation=c",
               request->path.c_str());
}

TEST(ExportRun, AsksForLessWhereAPageIsTooLarge) {
  CHECK(run.next(now).has_value());
  run.answered(0, Error{Errc::too_large, "too much"}, now);
  STRCMP_EQUAL("/berth/v1/enrollments?maxItemCount=100", run.next(now)->path.c_str());
}

TEST(ExportRun, WaitsForACoordinatorThatIsBusyAndGivesUpInTheEnd) {
  CHECK(run.next(now).has_value());
  run.answered(0, Answer{429, bj::object{}, 5s}, now);
  CHECK_FALSE(run.next(now + 4s).has_value());
  CHECK(run.next(now + 5s).has_value());
  MonotonicTime later = now + 5s;
  for (unsigned i = 0; i <= RetryPace::kMaxFailures; ++i) {
    CHECK_FALSE(run.is_over());
    run.answered(0, Answer{503, bj::object{}, 0s}, later);
    later += 1min;
    (void)run.next(later);
  }
  CHECK(run.is_over());
  CHECK(run.finish().error().code == Errc::unavailable);
}

TEST(ExportRun, EndsOnARefusalAndOnAFullDisk) {
  CHECK(run.next(now).has_value());
  run.answered(0, Answer{401, bj::object{{"message", "not you"}}, 0s}, now);
  CHECK(run.is_over());
  CHECK(run.finish().error().reason.find("401: not you") != std::string::npos);
  pages.is_full = true;
  ExportRun full(EnrollmentKind::individual, ExportKeys::left_out, {}, pages);
  CHECK(full.next(now).has_value());
  full.answered(0, page(1, "more"), now);
  CHECK(full.is_over());
  CHECK(full.finish().error().code == Errc::io);
}

TEST(ExportRun, StopsBetweenPagesWhenInterrupted) {
  CHECK(run.next(now).has_value());
  run.interrupt();
  CHECK_FALSE(run.is_over());
  run.answered(0, page(1, "more"), now);
  CHECK(run.is_over());
  CHECK(run.was_interrupted());
}
