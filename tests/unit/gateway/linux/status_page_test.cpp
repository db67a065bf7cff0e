#include "gateway/linux/status_page.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using gateway::GatewayState;
using gateway::TenantState;

TEST_GROUP(StatusPage) {
  GatewayState state_;

  void setup() override {
    state_.gateway_id = "gw-1";
    state_.coordinator = "coordinator.example:443";
    state_.device_endpoint = "HTTPS port 443, MQTT port 8883";
    state_.now = from_unix_seconds(1767225600);
    TenantState tenant;
    tenant.id_scope = "0ne00000001";
    tenant.has_records = true;
    tenant.permit_expiry = state_.now + std::chrono::hours{24 * 7};
    tenant.new_device_quota = 100;
    tenant.new_devices = 40;
    tenant.hubs = {{"hub-a.example", std::chrono::microseconds{1500}}};
    state_.tenants = {tenant};
  }
  bool says(const std::string& sentence) const {
    return gateway::status_page(state_).find(sentence) != std::string::npos;
  }
};

TEST(StatusPage, AServingGatewayIsReady) {
  STRCMP_EQUAL("", gateway::readiness(state_).c_str());
  CHECK(says("<li class=\"good\">Devices are served at HTTPS port 443, MQTT port 8883.</li>"));
  CHECK(says("The coordinator at coordinator.example:443 is reached."));
  CHECK(says("The coordinator knows of every registration made here."));
  CHECK(says("may go on for 7 days, and accept 60 more devices never seen before."));
  CHECK(says("Hub hub-a.example is reached within 1500 µs."));
}

TEST(StatusPage, SaysWhatStandsBetweenItAndServing) {
  GatewayState state = state_;
  state.device_endpoint.clear();
  STRCMP_EQUAL("the device endpoint has no certificate yet", gateway::readiness(state).c_str());
  state = state_;
  state.tenants.front().has_records = false;
  STRCMP_EQUAL("the records of 0ne00000001 were not received yet",
               gateway::readiness(state).c_str());
  state.tenants.clear();
  STRCMP_EQUAL("the coordinator has not said which tenants to serve",
               gateway::readiness(state).c_str());
  state.gateway_id.clear();
  STRCMP_EQUAL("this gateway has not joined a coordinator yet", gateway::readiness(state).c_str());
}

TEST(StatusPage, ACutLinkDoesNotEndReadiness) {
  state_.trouble = "connection refused";
  state_.waiting_outcomes = 3;
  STRCMP_EQUAL("", gateway::readiness(state_).c_str());
  CHECK(
      says("<li class=\"bad\">The coordinator at coordinator.example:443 is not reached: "
           "connection refused.</li>"));
  CHECK(says("3 registrations wait to be reported to the coordinator."));
}

TEST(StatusPage, SaysWhatAPermitAllows) {
  state_.tenants.front().new_devices = 101;
  CHECK(says("accept 0 more devices never seen before."));
  state_.tenants.front().permit_expiry = state_.now + std::chrono::hours{47};
  CHECK(says("may go on for 47 hours"));
  state_.tenants.front().permit_expiry = state_.now;
  CHECK(says("The permit expired at 2026-01-01T00:00:00Z: new devices wait"));
  state_.tenants.front().permit_expiry.reset();
  CHECK(says("The coordinator has given no permit yet: no device is accepted."));
}

TEST(StatusPage, SaysThatTheClockWasSetBack) {
  CHECK_FALSE(says("clock was set back"));
  state_.clock_is_behind = true;
  CHECK(says("This machine's clock was set back: new devices are refused until it is right."));
}

TEST(StatusPage, SaysWhichHubsAreOutOfReach) {
  state_.tenants.front().hubs = {{"hub-b.example", std::nullopt},
                                 {"hub-c.example", std::chrono::milliseconds{25}}};
  CHECK(says("<li class=\"bad\">Hub hub-b.example was never reached from here.</li>"));
  CHECK(says("Hub hub-c.example is reached within 25 ms."));
  state_.tenants.front().hubs.clear();
  CHECK(says("No hub is linked: devices can't be assigned."));
}

TEST(StatusPage, ShowsNamesAsTextAndNeverAsMarkup) {
  state_.gateway_id = "<script>";
  state_.trouble = "<b>\"a\" & b</b>";
  state_.tenants.front().id_scope = "<i>";
  state_.tenants.front().hubs = {{"<img src=x>", std::nullopt}};
  CHECK_FALSE(says("<script>"));
  CHECK_FALSE(says("<img"));
  CHECK_FALSE(says("<i>"));
  CHECK(says("&lt;b&gt;&quot;a&quot; &amp; b&lt;/b&gt;"));
}
