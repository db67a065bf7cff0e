#include "tools/device/fleet.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <memory>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace berth::device {
namespace {

using Clock = std::chrono::steady_clock;

struct Run {
  const Fleet& fleet;
  ports::Crypto& crypto;
  boost::asio::any_io_executor executor;
  std::size_t lanes;
  Clock::time_point start;
  std::size_t next = 0;   // device of a run that takes each once
  std::size_t begun = 0;  // registrations
  Summary summary = {};

  bool is_over() const {
    if (begun >= kMaxRegistrations) return true;
    if (fleet.duration.count() == 0) return next >= fleet.count;
    return Clock::now() >= start + fleet.duration;
  }
};

runtime::Task<void> wait_until(boost::asio::steady_timer& timer, Clock::time_point time) {
  if (time <= Clock::now()) co_return;
  timer.expires_at(time);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

runtime::Task<void> register_one(Run& run, Transport& transport, std::size_t index) {
  auto attempt = run.fleet.attempt(index);
  Report report;
  if (!attempt) {
    report.outcome = attempt.error();
  } else {
    report.registration_id = attempt->identity.registration_id;
    const auto start = Clock::now();
    report.outcome = co_await transport.register_device(std::move(*attempt));
    report.took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
  }
  run.summary.add(report);
  run.fleet.on_report(report);
}

// One of the lanes: takes the next device until none is left. In a run with a duration the lane's
// devices are its own, so that a device never registers twice at a time, and a lane with one device
// can keep its connection.
runtime::Task<void> lane(Run& run, std::size_t number) {
  const TransportServices services{run.executor, run.crypto, run.fleet.keep_connections};
  const auto transport = run.fleet.transport(services);
  boost::asio::steady_timer timer(run.executor);
  co_await wait_until(timer, run.start + run.fleet.ramp * number / run.lanes);
  const bool is_once = run.fleet.duration.count() == 0;
  for (std::size_t own = number; !run.is_over();
       own = own + run.lanes < run.fleet.count ? own + run.lanes : number) {
    const std::size_t index = is_once ? run.next++ : own;
    const std::size_t order = run.begun++;
    if (run.fleet.per_second > 0) {
      const std::chrono::duration<double> offset(static_cast<double>(order) / run.fleet.per_second);
      co_await wait_until(timer, run.start + std::chrono::duration_cast<Clock::duration>(offset));
    }
    co_await register_one(run, *transport, index);
  }
}

}  // namespace

void Summary::add(const Report& report) {
  ++registrations;
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
  const std::size_t lanes = std::min({fleet.concurrency, fleet.count, kMaxConcurrency});
  Run run{fleet, crypto, loop.get_executor(), lanes, Clock::now()};
  for (std::size_t number = 0; number < lanes; ++number) {
    boost::asio::co_spawn(loop, lane(run, number), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  loop.run();
  run.summary.finish();
  return std::move(run.summary);
}

}  // namespace berth::device
