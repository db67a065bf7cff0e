#include "shared/runtime/registration_metrics.hpp"

namespace berth::runtime {
namespace {

constexpr const char* kService = "provisioning_service_name";
constexpr const char* kHub = "iot_hub_name";
constexpr const char* kStatus = "status";
constexpr const char* kProtocol = "protocol";

const char* status_label(bool succeeded) {
  return succeeded ? "Success" : "Failure";
}

}  // namespace

std::string protocol_label(domain::DeviceProtocol protocol) {
  switch (protocol) {
    case domain::DeviceProtocol::https: return "Https";
    case domain::DeviceProtocol::mqtt: return "Mqtt";
    case domain::DeviceProtocol::mqtt_ws: return "MqttWs";
    case domain::DeviceProtocol::amqp: return "Amqp";
    case domain::DeviceProtocol::amqp_ws: return "AmqpWs";
    case domain::DeviceProtocol::coap: return "Coap";
  }
  return kOtherLabel;
}

Metrics::Labels RegistrationMetrics::labels(const domain::IdScope& service) {
  const std::lock_guard lock(mutex_);
  if (!hubs_.contains(service)) {
    if (hubs_.size() >= kMaxMetricServices) return {{kService, kOtherLabel}};
    hubs_.try_emplace(service);
  }
  return {{kService, service.str()}};
}

Metrics::Labels RegistrationMetrics::labels(const domain::IdScope& service,
                                            const std::string& hub) {
  Metrics::Labels labels = this->labels(service);
  const std::lock_guard lock(mutex_);
  const auto known = hubs_.find(service);
  bool has_series = hub.empty();
  if (known != hubs_.end()) {
    has_series = has_series || known->second.contains(hub);
    if (!has_series && known->second.size() < kMaxMetricHubs) {
      known->second.insert(hub);
      has_series = true;
    }
  }
  labels[kHub] = has_series ? hub : kOtherLabel;
  return labels;
}

void RegistrationMetrics::registration_attempt(const domain::IdScope& service,
                                               const std::string& hub, bool succeeded) {
  Metrics::Labels all = labels(service, hub);
  all[kStatus] = status_label(succeeded);
  metrics_
      .counter(prefix_ + "_registration_attempts_total",
               "DPS's RegistrationAttempts: registrations that came to an end", all)
      .add();
}

void RegistrationMetrics::attestation_attempt(const domain::IdScope& service,
                                              domain::DeviceProtocol protocol, bool succeeded) {
  Metrics::Labels all = labels(service);
  all[kProtocol] = protocol_label(protocol);
  all[kStatus] = status_label(succeeded);
  metrics_
      .counter(prefix_ + "_attestation_attempts_total",
               "DPS's AttestationAttempts: devices that were to prove who they are", all)
      .add();
}

void RegistrationMetrics::device_assignment(const domain::IdScope& service,
                                            const std::string& hub) {
  metrics_
      .counter(prefix_ + "_device_assignments_total",
               "DPS's DeviceAssignments: devices that were assigned to a hub", labels(service, hub))
      .add();
}

}  // namespace berth::runtime
