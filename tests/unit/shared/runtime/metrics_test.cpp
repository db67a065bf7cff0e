#include "shared/runtime/metrics.hpp"

#include <CppUTest/TestHarness.h>

using berth::runtime::Metrics;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_GROUP(Metrics) {
  Metrics metrics_;
};

TEST(Metrics, CountsByLabels) {
  metrics_.counter("berth_registrations_total", "Registrations", {{"result", "assigned"}}).add();
  metrics_.counter("berth_registrations_total", "Registrations", {{"result", "assigned"}}).add(2);
  metrics_.counter("berth_registrations_total", "Registrations", {{"result", "failed"}}).add();
  const std::string text = metrics_.text();
  CHECK_TRUE(has(text, "# TYPE berth_registrations_total counter\n"));
  CHECK_TRUE(has(text, "berth_registrations_total{result=\"assigned\"} 3\n"));
  CHECK_TRUE(has(text, "berth_registrations_total{result=\"failed\"} 1\n"));
}

TEST(Metrics, GivesTheSameCounterForTheSameNameAndLabels) {
  POINTERS_EQUAL(&metrics_.counter("a_total", "A"), &metrics_.counter("a_total", "A"));
}

TEST(Metrics, ShowsAGaugesLastValue) {
  metrics_.gauge("berth_connections", "Open connections").set(5);
  metrics_.gauge("berth_connections", "Open connections").set(2);
  CHECK_TRUE(has(metrics_.text(), "berth_connections 2\n"));
}

TEST(Metrics, SortsObservationsIntoBuckets) {
  auto& histogram = metrics_.histogram("berth_seconds", "Time", {0.1, 1});
  histogram.observe(0.05);
  histogram.observe(0.5);
  histogram.observe(5);
  const std::string text = metrics_.text();
  CHECK_TRUE(has(text, "berth_seconds_bucket{le=\"0.1\"} 1\n"));
  CHECK_TRUE(has(text, "berth_seconds_bucket{le=\"1\"} 2\n"));
  CHECK_TRUE(has(text, "berth_seconds_count 3\n"));
}
