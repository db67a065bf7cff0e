#include "shared/runtime/registration_metrics.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::runtime;

TEST_GROUP(RegistrationMetrics) {
  Metrics metrics;
  RegistrationMetrics counts{metrics, "berth"};
  const domain::IdScope service{"0ne00000001"};

  void check(const std::string& sample) {
    CHECK_TRUE_TEXT(metrics.text().find(sample + "\n") != std::string::npos, sample.c_str());
  }
  std::size_t series(const std::string& name) {
    const std::string text = metrics.text();
    std::size_t count = 0;
    for (std::size_t at = text.find("\n" + name + "{"); at != std::string::npos;
         at = text.find("\n" + name + "{", at + 1)) {
      ++count;
    }
    return count;
  }
};

TEST(RegistrationMetrics, CountsByTheDimensionsOfDps) {
  counts.registration_attempt(service, "hub-a.test", true);
  counts.registration_attempt(service, "hub-a.test", true);
  counts.registration_attempt(service, "", false);
  counts.attestation_attempt(service, domain::DeviceProtocol::mqtt_ws, false);
  counts.device_assignment(service, "hub-a.test");
  check(R"(berth_registration_attempts_total{iot_hub_name="hub-a.test",)"
        R"(provisioning_service_name="0ne00000001",status="Success"} 2)");
  check(R"(berth_registration_attempts_total{iot_hub_name="",)"
        R"(provisioning_service_name="0ne00000001",status="Failure"} 1)");
  check(R"(berth_attestation_attempts_total{protocol="MqttWs",)"
        R"(provisioning_service_name="0ne00000001",status="Failure"} 1)");
  check(R"(berth_device_assignments_total{iot_hub_name="hub-a.test",)"
        R"(provisioning_service_name="0ne00000001"} 1)");
}

TEST(RegistrationMetrics, GivesSoManyHubsOfAServiceSeriesAndCountsTheRestTogether) {
  for (std::size_t i = 0; i < kMaxMetricHubs; ++i) {
    counts.device_assignment(service, "hub-" + std::to_string(i));
  }
  CHECK_EQUAL(kMaxMetricHubs, series("berth_device_assignments_total"));
  counts.device_assignment(service, "one-more");
  counts.device_assignment(service, "and-another");
  counts.device_assignment(service, "hub-0");
  CHECK_EQUAL(kMaxMetricHubs + 1, series("berth_device_assignments_total"));
  check(R"(berth_device_assignments_total{iot_hub_name="other",)"
        R"(provisioning_service_name="0ne00000001"} 2)");
}

TEST(RegistrationMetrics, GivesSoManyServicesSeriesAndCountsTheRestTogether) {
  for (std::size_t i = 0; i <= kMaxMetricServices + 1; ++i) {
    counts.attestation_attempt(domain::IdScope("0ne" + std::to_string(i)),
                               domain::DeviceProtocol::https, true);
  }
  CHECK_EQUAL(kMaxMetricServices + 1, series("berth_attestation_attempts_total"));
  check(R"(berth_attestation_attempts_total{protocol="Https",provisioning_service_name="other",)"
        R"(status="Success"} 2)");
}
