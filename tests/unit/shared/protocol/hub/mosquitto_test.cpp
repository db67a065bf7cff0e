#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/protocol/hub/connector.hpp"
#include "tests/support/fake_broker.hpp"

using namespace berth;
using namespace berth::hub;
using berth::testing::FakeBroker;

namespace {

// Only the retained twin is read by the connector itself.
class PlainObjects final : public dynsec::DynamicSecurityCodec {
 public:
  std::string write_commands(const std::vector<dynsec::Command>&,
                             const std::vector<std::string>&) override {
    return {};
  }
  Result<std::vector<dynsec::Reply>> read_replies(std::string_view) override {
    return std::vector<dynsec::Reply>{};
  }
  Result<domain::JsonText> read_object(std::string_view text) override {
    if (!text.starts_with('{')) return Error{Errc::malformed, "no object"};
    return domain::JsonText(text);
  }
};

constexpr int kMostExchanges = 20;

dynsec::Request asked(const HubOperation& operation) {
  return std::get<dynsec::Request>(operation.next());
}

}  // namespace

TEST_GROUP(Mosquitto) {
  PlainObjects json;
  FakeBroker broker;
  std::string ours = ownership_marker(domain::CoordinatorId("c0ffee"));
  std::unique_ptr<HubConnector> connector =
      mosquitto_connector(domain::CoordinatorId("c0ffee"), json);
  DesiredIdentity by_key;
  DesiredIdentity by_certificate;
  domain::DeviceId device{"dev-1"};

  void setup() override {
    by_key.device_id = device;
    by_key.credential = SymmetricKeyCredential{SecretBytes({1, 2, 3}), SecretBytes({4, 5, 6})};
    by_key.twin = {"{\"site\":1}", "{\"interval\":30}"};
    by_certificate = by_key;
    by_certificate.credential = ThumbprintCredential{"AB", "press-7"};
  }

  Result<HubOutcome> run(HubOperation & operation) {
    for (int i = 0; i < kMostExchanges; ++i) {
      if (auto end = operation.receive(broker.answer(asked(operation)))) return *end;
    }
    FAIL("the operation does not end");
    return Error{};
  }
  HubOutcome done(std::unique_ptr<HubOperation> operation) {
    auto outcome = run(*operation);
    if (!outcome) FAIL(outcome.error().reason.c_str());
    return *outcome;
  }
  Error failed(std::unique_ptr<HubOperation> operation) {
    auto outcome = run(*operation);
    CHECK_FALSE(outcome.has_value());
    return outcome ? Error{} : outcome.error();
  }
  FakeBroker::Client& client(const std::string& name = "dev-1") {
    return broker.clients.at(name);
  }
  std::vector<std::string> roles_of(const std::string& name) {
    std::vector<std::string> out;
    for (const auto& one : client(name).shown.roles) out.push_back(one.role);
    return out;
  }

  // Runs `make` to its end from `before`, then again with a failure at every exchange in turn: the
  // answer lost before the broker acted, or after it. Repeated from its start it must come to the
  // same, but for the count of writes.
  void check_every_failure(const FakeBroker& before,
                           const std::function<std::unique_ptr<HubOperation>()>& make) {
    broker = before;
    auto smooth = make();
    CHECK_TRUE(run(*smooth).has_value());
    const FakeBroker expected = broker;
    for (int step = 0; step < kMostExchanges; ++step) {
      for (const bool broker_acted : {false, true}) {
        broker = before;
        auto broken = make();
        bool ended = false;
        for (int i = 0; i < step && !ended; ++i) {
          ended = broken->receive(broker.answer(asked(*broken))).has_value();
        }
        if (ended) return;
        if (broker_acted) static_cast<void>(broker.answer(asked(*broken)));
        auto repeated = make();
        auto outcome = run(*repeated);
        if (!outcome) FAIL(outcome.error().reason.c_str());
        CHECK_EQUAL(expected.clients.size(), broker.clients.size());
        CHECK_EQUAL(expected.roles.size(), broker.roles.size());
        CHECK_TRUE(expected.retained == broker.retained);
        for (const auto& [name, wanted] : expected.clients) {
          const FakeBroker::Client& got = broker.clients.at(name);
          CHECK_TRUE(got.password == wanted.password);
          CHECK_TRUE(got.shown.roles == wanted.shown.roles);
          CHECK_EQUAL(wanted.shown.disabled, got.shown.disabled);
        }
        for (const auto& [name, wanted] : expected.roles) {
          CHECK_TRUE(broker.roles.at(name).acls == wanted.acls);
        }
      }
    }
    FAIL("the operation does not end");
  }
};

TEST(Mosquitto, ADeviceWithAKeyLogsInByItsIdAndTheKey) {
  const HubOutcome outcome = done(connector->upsert(by_key));
  CHECK_FALSE(outcome.found);
  STRCMP_EQUAL("1", outcome.etag.c_str());
  STRCMP_EQUAL("AQID", client().password.c_str());
  STRCMP_EQUAL("dev-1", client().shown.client_id.c_str());
  STRCMP_EQUAL(ours.c_str(), client().shown.text_name.c_str());
  CHECK_TRUE(roles_of("dev-1") == (std::vector<std::string>{"berth-device-dev-1"}));
}

TEST(Mosquitto, ADeviceWithACertificateLogsInByItsCommonName) {
  done(connector->upsert(by_certificate));
  CHECK_TRUE(client("press-7").password.empty());
  STRCMP_EQUAL("dev-1", client("press-7").shown.client_id.c_str());
  CHECK_TRUE(roles_of("press-7") == (std::vector<std::string>{"berth-device-dev-1"}));
}

TEST(Mosquitto, ADeviceMayUseItsOwnTopicsOnly) {
  done(connector->upsert(by_key));
  const dynsec::Role& role = broker.roles.at("berth-device-dev-1");
  STRCMP_EQUAL(ours.c_str(), role.text_name.c_str());
  CHECK_TRUE(role.acls.front() ==
             (dynsec::Acl{dynsec::AclKind::publish_send, "devices/dev-1/messages/events/#", true}));
  for (const dynsec::Acl& acl : role.acls) {
    CHECK_TRUE(acl.allow && acl.topic.starts_with("devices/dev-1/"));
  }
}

TEST(Mosquitto, TheDesiredPropertiesWaitForTheDeviceAndItsTagsDoNot) {
  done(connector->upsert(by_key));
  CHECK_EQUAL(1, broker.retained.size());
  STRCMP_EQUAL("{\"interval\":30}", broker.retained.at("devices/dev-1/twin/desired").c_str());
}

TEST(Mosquitto, TheKeyThatTheDeviceSignedWithIsItsPassword) {
  auto& keys = std::get<SymmetricKeyCredential>(by_key.credential);
  keys.signed_with_secondary = true;
  done(connector->upsert(by_key));
  STRCMP_EQUAL("BAUG", client().password.c_str());
  keys.signed_with_secondary = false;
  const HubOutcome outcome = done(connector->upsert(by_key));
  CHECK_TRUE(outcome.found);
  STRCMP_EQUAL("2", outcome.etag.c_str());
  STRCMP_EQUAL("AQID", client().password.c_str());
  keys.primary = {};
  done(connector->upsert(by_key));
  STRCMP_EQUAL("BAUG", client().password.c_str());
}

TEST(Mosquitto, AFoundDeviceKeepsItsTwinUnlessItIsToBeReplaced) {
  done(connector->upsert(by_key));
  by_key.twin.desired = "{\"interval\":60}";
  done(connector->upsert(by_key));
  STRCMP_EQUAL("{\"interval\":30}", broker.retained.at("devices/dev-1/twin/desired").c_str());
  by_key.replace_twin = true;
  done(connector->upsert(by_key));
  STRCMP_EQUAL("{\"interval\":60}", broker.retained.at("devices/dev-1/twin/desired").c_str());
  by_key.twin.desired.clear();
  done(connector->upsert(by_key));
  CHECK_TRUE(broker.retained.empty());
}

TEST(Mosquitto, WritesNothingIfTheClientIsAsItShallBe) {
  done(connector->upsert(by_certificate));
  const std::size_t changes = broker.changes;
  const HubOutcome outcome = done(connector->upsert(by_certificate));
  CHECK_TRUE(outcome.found);
  STRCMP_EQUAL("1", outcome.etag.c_str());
  CHECK_EQUAL(changes, broker.changes);
}

TEST(Mosquitto, AnotherKindOfLoginLeavesNoPasswordBehind) {
  by_certificate.credential = ThumbprintCredential{"AB", "dev-1"};
  done(connector->upsert(by_key));
  done(connector->upsert(by_certificate));
  CHECK_TRUE(client().password.empty());
  done(connector->upsert(by_key));
  STRCMP_EQUAL("AQID", client().password.c_str());
}

TEST(Mosquitto, ACertificateTakesItsClientToAnotherDeviceId) {
  done(connector->upsert(by_certificate));
  by_certificate.device_id = domain::DeviceId("dev-2");
  done(connector->upsert(by_certificate));
  CHECK_TRUE(roles_of("press-7") == (std::vector<std::string>{"berth-device-dev-2"}));
  // What the old device ID leaves is its role, not the client.
  done(connector->remove(device, ""));
  CHECK_FALSE(broker.roles.contains("berth-device-dev-1"));
  CHECK_TRUE(roles_of("press-7") == (std::vector<std::string>{"berth-device-dev-2"}));
}

TEST(Mosquitto, TwoDevicesNeverShareAClient) {
  done(connector->upsert(by_certificate));
  by_key.device_id = domain::DeviceId("press-7");
  CHECK_TRUE(failed(connector->upsert(by_key)).code == Errc::hub_conflict);
  CHECK_TRUE(client("press-7").password.empty());
}

TEST(Mosquitto, NeverOverwritesAForeignClientOrRole) {
  for (const char* marker : {"", "berth:deadbeef", "by hand"}) {
    broker = FakeBroker{};
    broker.clients["dev-1"].shown.user_name = "dev-1";
    client().shown.text_name = marker;
    CHECK_TRUE(failed(connector->upsert(by_key)).code == Errc::hub_conflict);
    broker = FakeBroker{};
    broker.roles["berth-device-dev-1"].name = "berth-device-dev-1";
    broker.roles["berth-device-dev-1"].text_name = marker;
    CHECK_TRUE(failed(connector->upsert(by_key)).code == Errc::hub_conflict);
    CHECK_EQUAL(0, broker.changes);
    CHECK_TRUE(broker.retained.empty());
  }
}

TEST(Mosquitto, AnIdWithAWildcardIsRefusedBeforeAnythingIsWritten) {
  for (const char* id : {"+", "dev#", "a+b", "a/b"}) {
    by_key.device_id = domain::DeviceId(id);
    CHECK_TRUE(failed(connector->upsert(by_key)).code == Errc::hub_refused);
    CHECK_FALSE(done(connector->read_twin(by_key.device_id)).found);
  }
  CHECK_EQUAL(0, broker.changes);
}

TEST(Mosquitto, ADisabledDeviceIsCutOffHoweverItLogsIn) {
  done(connector->upsert(by_certificate));
  const HubOutcome outcome = done(connector->disable(device, ""));
  CHECK_TRUE(outcome.found);
  STRCMP_EQUAL("2", outcome.etag.c_str());
  CHECK_TRUE(client("press-7").shown.disabled);
  // A certificate gets even a disabled client in: the first role that is asked denies all.
  const auto& roles = client("press-7").shown.roles;
  CHECK_TRUE(roles.front().role == "berth-cut-off" && roles.front().priority > roles[1].priority);
  for (const dynsec::Acl& acl : broker.roles.at("berth-cut-off").acls) {
    CHECK_TRUE(!acl.allow && acl.topic == "#");
  }
}

TEST(Mosquitto, DisablesOnceAndEnablesAgain) {
  done(connector->upsert(by_key));
  done(connector->disable(device, "1"));
  const std::size_t changes = broker.changes;
  STRCMP_EQUAL("2", done(connector->disable(device, "1")).etag.c_str());
  CHECK_EQUAL(changes, broker.changes);
  STRCMP_EQUAL("3", done(connector->enable(device)).etag.c_str());
  CHECK_FALSE(client().shown.disabled);
  CHECK_TRUE(roles_of("dev-1") == (std::vector<std::string>{"berth-device-dev-1"}));
  STRCMP_EQUAL("3", done(connector->enable(device)).etag.c_str());
  STRCMP_EQUAL("AQID", client().password.c_str());
}

TEST(Mosquitto, RegisteringAgainLetsADisabledDeviceIn) {
  for (const DesiredIdentity* identity : {&by_key, &by_certificate}) {
    broker = FakeBroker{};
    done(connector->upsert(*identity));
    done(connector->disable(device, ""));
    done(connector->upsert(*identity));
    const auto& shown = broker.clients.begin()->second.shown;
    CHECK_FALSE(shown.disabled);
    CHECK_EQUAL(1, shown.roles.size());
  }
}

TEST(Mosquitto, RemovesClientRoleAndTwin) {
  for (const DesiredIdentity* identity : {&by_key, &by_certificate}) {
    broker = FakeBroker{};
    done(connector->upsert(*identity));
    const HubOutcome disabled = done(connector->disable(device, ""));
    const HubOutcome removed = done(connector->remove(device, disabled.etag));
    CHECK_TRUE(removed.found && removed.etag.empty());
    CHECK_TRUE(broker.clients.empty());
    CHECK_TRUE(broker.retained.empty());
    CHECK_FALSE(broker.roles.contains("berth-device-dev-1"));
    CHECK_FALSE(done(connector->remove(device, disabled.etag)).found);
  }
}

TEST(Mosquitto, LeavesAloneWhatWasWrittenSince) {
  done(connector->upsert(by_key));
  done(connector->upsert(by_key));
  CHECK_FALSE(done(connector->disable(device, "1")).found);
  CHECK_FALSE(done(connector->remove(device, "1")).found);
  CHECK_FALSE(client().shown.disabled);
}

TEST(Mosquitto, LeavesAloneWhatIsForeign) {
  done(connector->upsert(by_key));
  client().shown.text_name = "by hand";
  CHECK_FALSE(done(connector->disable(device, "")).found);
  CHECK_FALSE(client().shown.disabled);
  broker.roles["berth-device-dev-1"].text_name = "by hand";
  done(connector->remove(device, ""));
  CHECK_TRUE(broker.clients.contains("dev-1"));
}

TEST(Mosquitto, ReadsTheRetainedTwin) {
  CHECK_FALSE(done(connector->read_twin(device)).found);
  done(connector->upsert(by_key));
  const HubOutcome outcome = done(connector->read_twin(device));
  CHECK_TRUE(outcome.found);
  STRCMP_EQUAL("{\"interval\":30}", outcome.twin.desired.c_str());
  CHECK_TRUE(outcome.twin.tags.empty());
  broker.retained["devices/dev-1/twin/desired"] = "nonsense";
  CHECK_TRUE(failed(connector->read_twin(device)).code == Errc::unavailable);
}

TEST(Mosquitto, UnknownWordsOfTheBrokerAreTriedAgainLater) {
  auto operation = connector->upsert(by_key);
  dynsec::Answer answer = broker.answer(asked(*operation));
  answer.replies[0].error = "Internal error\n";
  auto end = operation->receive(answer);
  CHECK_TRUE(end && !*end && end->error().code == Errc::unavailable);
  STRCMP_EQUAL("the broker answered: Internal error?", end->error().reason.c_str());
  operation = connector->upsert(by_key);
  end = operation->receive(dynsec::Answer{});
  CHECK_TRUE(end && !*end && end->error().code == Errc::unavailable);
}

TEST(Mosquitto, ReadsAgainWhenSomebodyWasFaster) {
  auto operation = connector->upsert(by_key);
  CHECK_FALSE(operation->receive(broker.answer(asked(*operation))).has_value());
  done(connector->upsert(by_key));
  const auto outcome = run(*operation);
  CHECK_TRUE(outcome.has_value() && outcome->found);
  STRCMP_EQUAL("2", outcome->etag.c_str());
}

TEST(Mosquitto, ARepeatedOperationComesToTheSameEnd) {
  const FakeBroker empty;
  const auto upsert_key = [this] { return connector->upsert(by_key); };
  const auto upsert_certificate = [this] { return connector->upsert(by_certificate); };
  check_every_failure(empty, upsert_key);
  check_every_failure(empty, upsert_certificate);
  broker = empty;
  done(connector->upsert(by_key));
  const FakeBroker held = broker;
  by_key.credential = SymmetricKeyCredential{SecretBytes({7}), {}};
  check_every_failure(held, upsert_key);
  by_certificate.credential = ThumbprintCredential{"AB", "dev-1"};
  check_every_failure(held, upsert_certificate);
  check_every_failure(held, [this] { return connector->disable(device, "1"); });
  broker = held;
  done(connector->disable(device, "1"));
  const FakeBroker cut_off = broker;
  check_every_failure(cut_off, [this] { return connector->enable(device); });
  check_every_failure(cut_off, [this] { return connector->remove(device, "2"); });
}
