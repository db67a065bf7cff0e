// berth-device: one device, or thousands, registering at a provisioning endpoint.
#include <chrono>
#include <iostream>
#include <variant>

#include "shared/crypto/openssl/certificate_authority.hpp"
#include "shared/crypto/wolfssl/wolfssl.hpp"
#include "tools/device/attempts.hpp"
#include "tools/device/connect.hpp"
#include "tools/device/options.hpp"
#include "tools/device/output.hpp"
#include "tools/device/tpm.hpp"

namespace {

using namespace berth;

int wrong_usage(const Error& error) {
  std::cerr << "berth-device: " << error.reason << '\n';
  return 2;
}

int run(int exit_code) {
  return exit_code;
}

int run(device::RegisterOptions options) {
  if (!options.dev_file.empty()) {
    const auto read = device::read_dev_file(options);
    if (!read) return wrong_usage(read.error());
  }
  const auto crypto = crypto::make_wolfssl_crypto();
  const auto tls = crypto::make_wolfssl_tls();
  const auto authority = crypto::make_certificate_authority();
  auto attempts = device::Attempts::make(options, {*crypto, *tls, *authority});
  if (!attempts) return wrong_usage(attempts.error());
  device::Fleet fleet;
  fleet.transport = [protocol = *device::protocol_named(options.protocol)](
                        const device::TransportServices& services) {
    return device::make_transport(protocol, services);
  };
  fleet.count = options.count;
  fleet.concurrency = options.concurrency;
  fleet.keep_connections = options.keep_connections;
  fleet.duration = std::chrono::seconds{options.duration_seconds};
  fleet.ramp = std::chrono::seconds{options.ramp_seconds};
  fleet.per_second = options.per_second;
  fleet.attempt = [&attempts](std::size_t index) { return (*attempts)(index); };
  fleet.on_report = [&options](const device::Report& report) {
    if (!options.quiet) std::cout << device::line_of(report) << '\n';
  };
  const auto start = std::chrono::steady_clock::now();
  const device::Summary summary = device::run_fleet(fleet, *crypto);
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  if (options.count > 1 || options.duration_seconds > 0) {
    std::cout << device::line_of(summary, options.count, took) << '\n';
  }
  return summary.assigned == summary.registrations ? 0 : 1;
}

int run(const device::ConnectOptions& options) {
  const auto report = device::run_connections(options);
  if (!report) return wrong_usage(report.error());
  std::cout << report->line << '\n';
  return report->failed == 0 ? 0 : 1;
}

int run(const device::TpmOptions& options) {
  const auto tpm = device::Tpm::open(options.tcti);
  if (!tpm) return wrong_usage(tpm.error());
  std::cout << device::line_of(**tpm, *crypto::make_wolfssl_crypto()) << '\n';
  return 0;
}

int run(const device::AttackOptions& options) {
  const auto report = device::run_attack(options);
  if (!report) return wrong_usage(report.error());
  std::cout << device::line_of(*report, options) << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return std::visit([](auto options) { return run(std::move(options)); },
                    device::parse_command_line(argc, argv));
}
