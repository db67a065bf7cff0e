#include "tools/device/fleet.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <memory>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace berth::device {
namespace {

struct Run {
  const Fleet& fleet;
  ports::Crypto& crypto;
  boost::asio::any_io_executor executor;
  std::size_t next = 0;
  Summary summary;
};

// One of the `concurrency` lanes: takes the next device until none is left.
runtime::Task<void> lane(Run& run) {
  std::unique_ptr<runtime::HttpClient> client;
  while (run.next < run.fleet.count) {
    auto attempt = run.fleet.attempt(run.next++);
    Report report;
    if (!attempt) {
      report.outcome = attempt.error();
    } else {
      report.registration_id = attempt->identity.registration_id;
      const auto start = std::chrono::steady_clock::now();
      if (run.fleet.protocol == Protocol::https) {
        if (!run.fleet.keep_alive || client == nullptr) {
          client = std::make_unique<runtime::HttpClient>(run.executor, attempt->tls);
        }
        report.outcome =
            co_await register_over_https(run.executor, std::move(*attempt), *client, run.crypto);
      } else {
        report.outcome = co_await register_over_mqtt(run.executor, std::move(*attempt), run.crypto);
      }
      report.took = std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::steady_clock::now() - start);
    }
    run.summary.add(report);
    run.fleet.on_report(report);
  }
}

}  // namespace

void Summary::add(const Report& report) {
  if (!report.outcome) {
    ++errors[std::string(name_of(report.outcome.error().code)) + ": " +
             report.outcome.error().reason];
  } else if (!report.outcome->assigned) {
    ++errors[std::to_string(report.outcome->error_code) + ": " + report.outcome->message];
  } else {
    ++assigned;
    ++hubs[report.outcome->hub];
    latencies.push_back(report.took);
  }
}

void Summary::finish() {
  std::sort(latencies.begin(), latencies.end());
}

std::chrono::microseconds Summary::percentile(double percent) const {
  if (latencies.empty()) return std::chrono::microseconds{0};
  // Nearest rank: the smallest latency that so many percent do not exceed.
  const double rank = std::ceil(percent * static_cast<double>(latencies.size()) / 100.0);
  return latencies[std::clamp(static_cast<std::size_t>(rank), std::size_t{1}, latencies.size()) -
                   1];
}

Summary run_fleet(const Fleet& fleet, ports::Crypto& crypto) {
  boost::asio::io_context loop(1);
  Run run{fleet, crypto, loop.get_executor(), 0, {}};
  const std::size_t lanes = std::min({fleet.concurrency, fleet.count, kMaxConcurrency});
  for (std::size_t i = 0; i < lanes; ++i) {
    boost::asio::co_spawn(loop, lane(run), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  loop.run();
  run.summary.finish();
  return std::move(run.summary);
}

}  // namespace berth::device
