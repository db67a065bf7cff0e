// DPS's metrics (service API 8) in Prometheus form: RegistrationAttempts, AttestationAttempts and
// DeviceAssignments with their dimensions as labels (docs/monitoring.md). The number of time series
// is bounded: names past the limits are counted as "other".
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/runtime/metrics.hpp"

namespace berth::runtime {

// Provisioning services, and hubs of each, that get time series of their own.
inline constexpr std::size_t kMaxMetricServices = 256;
inline constexpr std::size_t kMaxMetricHubs = 100;
inline constexpr const char* kOtherLabel = "other";

// "Https", "Mqtt", "MqttWs", "Amqp", "AmqpWs", "Coap".
[[nodiscard]] std::string protocol_label(domain::DeviceProtocol protocol);

// Safe to use from several threads.
class RegistrationMetrics {
 public:
  // `metrics` outlives it. `prefix`: "berth" at a gateway; "berth_fleet" at a coordinator, which
  // counts what all its gateways report.
  RegistrationMetrics(Metrics& metrics, std::string prefix)
      : metrics_(metrics), prefix_(std::move(prefix)) {}

  void registration_attempt(const domain::IdScope& service, const std::string& hub, bool succeeded);
  void attestation_attempt(const domain::IdScope& service, domain::DeviceProtocol protocol,
                           bool succeeded);
  void device_assignment(const domain::IdScope& service, const std::string& hub);

 private:
  [[nodiscard]] Metrics::Labels labels(const domain::IdScope& service);
  [[nodiscard]] Metrics::Labels labels(const domain::IdScope& service, const std::string& hub);

  Metrics& metrics_;
  std::string prefix_;
  std::mutex mutex_;
  std::map<domain::IdScope, std::set<std::string>> hubs_;  // that have series
};

}  // namespace berth::runtime
