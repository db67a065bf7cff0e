// What every hub connector does, whatever the hub speaks (shared/protocol/hub/connector.hpp).
#include <CppUTest/TestHarness.h>

#include "tests/conformance/hub/hub_fixture.hpp"

using namespace berth;
using namespace berth::hub;
using berth::testing::HubFixture;

namespace {

constexpr int kMostExchanges = 20;

SecretBytes key(const char* text) {
  return SecretBytes::copy_of(as_bytes(std::string(text) + " of sixteen bytes or so"));
}

}  // namespace

TEST_GROUP(HubConnector) {
  std::unique_ptr<HubFixture> hub = testing::hub_fixture();
  domain::DeviceId device{"dev-1"};
  DesiredIdentity identity;

  void setup() override {
    identity.device_id = device;
    identity.credential = SymmetricKeyCredential{key("first"), key("second")};
    identity.twin.desired = "{\"interval\":30}";
  }

  Result<HubOutcome> run(std::unique_ptr<HubOperation> operation) {
    for (int i = 0; i < kMostExchanges; ++i) {
      if (auto end = operation->receive(hub->send(operation->next()))) return *end;
    }
    FAIL("the operation does not end");
    return Error{};
  }
  HubOutcome done(std::unique_ptr<HubOperation> operation) {
    auto outcome = run(std::move(operation));
    if (!outcome) FAIL(outcome.error().reason.c_str());
    return *outcome;
  }
  HubOutcome upsert() {
    return done(hub->connector().upsert(identity));
  }
  void roll(const char* text) {
    identity.credential = SymmetricKeyCredential{key(text), key("second")};
  }
};

TEST(HubConnector, ADeviceGetsInWithItsKeyAndFindsItsTwin) {
  CHECK_FALSE(hub->lets_in("dev-1", key("first")));
  CHECK_FALSE(upsert().found);
  CHECK_TRUE(hub->lets_in("dev-1", key("first")));
  CHECK_FALSE(hub->lets_in("dev-1", key("another")));
  CHECK_FALSE(hub->lets_in("dev-2", key("first")));
  STRCMP_EQUAL("{\"interval\":30}", hub->desired("dev-1").c_str());
}

TEST(HubConnector, WhatIsOursIsTakenUpWithItsTwinLeftAlone) {
  upsert();
  roll("third");
  identity.twin.desired = "{\"interval\":60}";
  const HubOutcome outcome = upsert();
  CHECK_TRUE(outcome.found);
  CHECK_FALSE(outcome.etag.empty());
  CHECK_TRUE(hub->lets_in("dev-1", key("third")));
  CHECK_FALSE(hub->lets_in("dev-1", key("first")));
  STRCMP_EQUAL("{\"interval\":30}", hub->desired("dev-1").c_str());
}

TEST(HubConnector, ATwinThatIsToBeReplacedIs) {
  upsert();
  identity.replace_twin = true;
  identity.twin.desired = "{\"interval\":60}";
  upsert();
  STRCMP_EQUAL("{\"interval\":60}", hub->desired("dev-1").c_str());
}

TEST(HubConnector, ATwinIsReadForMigration) {
  CHECK_FALSE(done(hub->connector().read_twin(device)).found);
  upsert();
  const HubOutcome outcome = done(hub->connector().read_twin(device));
  CHECK_TRUE(outcome.found);
  STRCMP_EQUAL("{\"interval\":30}", outcome.twin.desired.c_str());
}

TEST(HubConnector, ADisabledDeviceDoesNotGetInUntilItIsEnabled) {
  upsert();
  const HubOutcome outcome = done(hub->connector().disable(device, ""));
  CHECK_TRUE(outcome.found);
  CHECK_FALSE(hub->lets_in("dev-1", key("first")));
  CHECK_TRUE(done(hub->connector().enable(device)).found);
  CHECK_TRUE(hub->lets_in("dev-1", key("first")));
}

TEST(HubConnector, ADisabledDeviceThatRegistersAgainGetsIn) {
  upsert();
  done(hub->connector().disable(device, ""));
  CHECK_TRUE(upsert().found);
  CHECK_TRUE(hub->lets_in("dev-1", key("first")));
}

TEST(HubConnector, WhatWasDisabledIsRemovedByItsEtag) {
  upsert();
  const HubOutcome disabled = done(hub->connector().disable(device, ""));
  CHECK_FALSE(disabled.etag.empty());
  CHECK_TRUE(done(hub->connector().remove(device, disabled.etag)).found);
  CHECK_FALSE(done(hub->connector().read_twin(device)).found);
  CHECK_TRUE(hub->desired("dev-1").empty());
  CHECK_FALSE(upsert().found);
  CHECK_TRUE(hub->lets_in("dev-1", key("first")));
}

TEST(HubConnector, WhatWasWrittenSinceIsLeftAlone) {
  upsert();
  const HubOutcome disabled = done(hub->connector().disable(device, ""));
  roll("third");
  upsert();
  CHECK_FALSE(done(hub->connector().remove(device, disabled.etag)).found);
  CHECK_TRUE(hub->lets_in("dev-1", key("third")));
}

TEST(HubConnector, WhatIsNotThereNeedsNoRemoval) {
  CHECK_FALSE(done(hub->connector().disable(device, "")).found);
  CHECK_FALSE(done(hub->connector().enable(device)).found);
  CHECK_FALSE(done(hub->connector().remove(device, "")).found);
}

TEST(HubConnector, WhatWasMadeByHandIsNeverTouched) {
  hub->make_by_hand("dev-1", key("by hand"));
  const auto refused = run(hub->connector().upsert(identity));
  CHECK_TRUE(!refused && refused.error().code == Errc::hub_conflict);
  CHECK_FALSE(done(hub->connector().disable(device, "")).found);
  CHECK_FALSE(done(hub->connector().remove(device, "")).found);
  CHECK_TRUE(hub->lets_in("dev-1", key("by hand")));
}

TEST(HubConnector, WhatAnotherCoordinatorMadeIsNeverTouched) {
  upsert();
  roll("third");
  const auto refused = run(hub->others().upsert(identity));
  CHECK_TRUE(!refused && refused.error().code == Errc::hub_conflict);
  CHECK_FALSE(done(hub->others().disable(device, "")).found);
  CHECK_FALSE(done(hub->others().remove(device, "")).found);
  CHECK_TRUE(hub->lets_in("dev-1", key("first")));
}

TEST(HubConnector, AnotherKindOfCredentialReplacesTheKey) {
  upsert();
  identity.credential = ThumbprintCredential{std::string(64, 'A'), "dev-1"};
  CHECK_TRUE(upsert().found);
  CHECK_FALSE(hub->lets_in("dev-1", key("first")));
  identity.credential = SymmetricKeyCredential{key("first"), key("second")};
  CHECK_TRUE(upsert().found);
  CHECK_TRUE(hub->lets_in("dev-1", key("first")));
}
