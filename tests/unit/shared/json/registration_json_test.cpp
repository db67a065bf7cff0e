#include "shared/json/registration_json.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/json/json_text.hpp"

using namespace berth;

namespace {

domain::Registration failed_registration() {
  domain::Registration registration;
  registration.registration_id = *domain::RegistrationId::parse("dev-1");
  registration.status = domain::RegistrationStatus::failed;
  registration.last_attempt = domain::FailedAttempt{{}, 401002, "Unauthorized", "for the log"};
  return registration;
}

}  // namespace

TEST_GROUP(RegistrationJson){};

TEST(RegistrationJson, ShowsTheErrorOfAFailedRegistrationAndNotItsReason) {
  const std::string text = json::serialize(json::registration_state(failed_registration(), "e"));
  CHECK(text.find(R"("errorCode":401002,"errorMessage":"Unauthorized")") != std::string::npos);
  CHECK(text.find("for the log") == std::string::npos);
}

TEST(RegistrationJson, ShowsNoErrorOnceTheDeviceIsAssigned) {
  domain::Registration registration = failed_registration();
  registration.status = domain::RegistrationStatus::assigned;
  registration.assigned_hub = "hub-a.example.test";
  registration.device_id = domain::DeviceId("dev-1");
  const std::string text = json::serialize(json::registration_state(registration, "e"));
  CHECK(text.find("errorCode") == std::string::npos);
  CHECK(text.find(R"("assignedHub":"hub-a.example.test","deviceId":"dev-1")") != std::string::npos);
}

TEST(RegistrationJson, SpellsEveryStatusAsTheSdksDo) {
  using domain::RegistrationStatus;
  STRCMP_EQUAL("unassigned", json::status_text(RegistrationStatus::unassigned).data());
  STRCMP_EQUAL("assigning", json::status_text(RegistrationStatus::assigning).data());
  STRCMP_EQUAL("assigned", json::status_text(RegistrationStatus::assigned).data());
  STRCMP_EQUAL("failed", json::status_text(RegistrationStatus::failed).data());
  STRCMP_EQUAL("disabled", json::status_text(RegistrationStatus::disabled).data());
}

TEST(RegistrationJson, SpellsEverySubstatusAsTheSdksDo) {
  using domain::RegistrationSubstatus;
  CHECK(json::substatus_text(RegistrationSubstatus::none).empty());
  STRCMP_EQUAL("initialAssignment",
               json::substatus_text(RegistrationSubstatus::initial_assignment).data());
  STRCMP_EQUAL("deviceDataMigrated",
               json::substatus_text(RegistrationSubstatus::device_data_migrated).data());
  STRCMP_EQUAL("deviceDataReset",
               json::substatus_text(RegistrationSubstatus::device_data_reset).data());
  STRCMP_EQUAL(
      "reprovisionedToInitialAssignment",
      json::substatus_text(RegistrationSubstatus::reprovisioned_to_initial_assignment).data());
}
