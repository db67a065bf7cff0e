#include "tools/device/options.hpp"

#include <vector>

#include <CppUTest/TestHarness.h>

#include "tools/device/protocol.hpp"

using namespace berth;

namespace {

device::Command parse(std::vector<const char*> words) {
  words.insert(words.begin(), "berth-device");
  return device::parse_command_line(static_cast<int>(words.size()), words.data());
}

int exit_code(const std::vector<const char*>& words) {
  const auto command = parse(words);
  const int* code = std::get_if<int>(&command);
  return code == nullptr ? -1 : *code;
}

}  // namespace

TEST_GROUP(DeviceOptions){};

TEST(DeviceOptions, EveryProtocolHasAName) {
  for (const device::Protocol protocol : device::all_protocols()) {
    const std::string name(device::name_of(protocol));
    CHECK(device::protocol_named(name) == protocol);
    const auto command = parse({"--dev", "dev.json", "--registration-id", "d", "--key",
                                "AA==", "--protocol", name.c_str()});
    STRCMP_EQUAL(name.c_str(), std::get<device::RegisterOptions>(command).protocol.c_str());
  }
  CHECK_FALSE(device::protocol_named("MQTT").has_value());
}

TEST(DeviceOptions, ADeviceAttestsInOneWay) {
  LONGS_EQUAL(2, exit_code({"--dev", "d", "--registration-id", "d"}));
  LONGS_EQUAL(2, exit_code({"--dev", "d", "--registration-id", "d", "--key", "AA==", "--group-key",
                            "AA=="}));
  LONGS_EQUAL(2, exit_code({"--dev", "d", "--registration-id", "d", "--certificate", "c.pem"}));
}

TEST(DeviceOptions, NeedsADeviceAndAnEndpoint) {
  LONGS_EQUAL(2, exit_code({"--dev", "d", "--key", "AA=="}));
  LONGS_EQUAL(2, exit_code({"--registration-id", "d", "--key", "AA=="}));
  LONGS_EQUAL(2, exit_code({"--registration-id", "d", "--key", "AA==", "--host", "h"}));
}

TEST(DeviceOptions, OnlyProtocolsThatCanForceAreAskedTo) {
  LONGS_EQUAL(2, exit_code({"--dev", "d", "--registration-id", "d", "--key", "AA==", "--protocol",
                            "mqtt-ws", "--force"}));
  LONGS_EQUAL(-1, exit_code({"--dev", "d", "--registration-id", "d", "--key", "AA==", "--protocol",
                             "amqp-ws", "--force"}));
}

TEST(DeviceOptions, ATpmIsOneDeviceOverHttpsOrAmqp) {
  const auto command = parse({"--dev", "d", "--tcti", "device:/dev/tpmrm0", "--hub-token"});
  const auto options = std::get<device::RegisterOptions>(command);
  STRCMP_EQUAL("device:/dev/tpmrm0", options.tcti.c_str());
  CHECK_TRUE(options.wants_hub_token);
  for (const char* protocol : {"https", "amqp", "amqp-ws"}) {
    LONGS_EQUAL(-1, exit_code({"--dev", "d", "--tcti", "t", "--protocol", protocol}));
  }
  for (const char* protocol : {"mqtt", "mqtt-ws", "coaps"}) {
    LONGS_EQUAL(2, exit_code({"--dev", "d", "--tcti", "t", "--protocol", protocol}));
  }
  LONGS_EQUAL(2, exit_code({"--dev", "d", "--tcti", "t", "--count", "2"}));
  LONGS_EQUAL(2, exit_code({"--dev", "d", "--tcti", "t", "--key", "AA=="}));
  LONGS_EQUAL(2,
              exit_code({"--dev", "d", "--registration-id", "d", "--key", "AA==", "--hub-token"}));
}

TEST(DeviceOptions, ShowsATpm) {
  const auto command = parse({"tpm", "--tcti", "t"});
  STRCMP_EQUAL("t", std::get<device::TpmOptions>(command).tcti.c_str());
  LONGS_EQUAL(2, exit_code({"tpm"}));
}

TEST(DeviceOptions, FleetsAreBounded) {
  const std::vector<const char*> base{"--dev", "d", "--registration-id", "d", "--key", "AA=="};
  auto with = base;
  with.insert(with.end(), {"--count", "1000000", "--concurrency", "5000"});
  LONGS_EQUAL(-1, exit_code(with));
  with = base;
  with.insert(with.end(), {"--count", "1000001"});
  LONGS_EQUAL(2, exit_code(with));
  with = base;
  with.insert(with.end(), {"--concurrency", "5001"});
  LONGS_EQUAL(2, exit_code(with));
}

TEST(DeviceOptions, ConnectsToAnyServer) {
  const auto command = parse({"connect", "--port", "8443", "--ca-file", "ca.pem", "--issue-from",
                              "devices.pem", "--issue-from-key", "devices.key"});
  LONGS_EQUAL(8443, std::get<device::ConnectOptions>(command).port);
  LONGS_EQUAL(2, exit_code({"connect", "--ca-file", "ca.pem"}));
}
