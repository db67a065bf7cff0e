// A whole MQTT session: packets, replies and time in any order.
#include <chrono>
#include <variant>
#include <vector>

#include "gateway/core/device/mqtt.hpp"
#include "shared/json/device_json.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/fake_gateway.hpp"

using namespace berth;
using namespace berth::gateway;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  testing::FakeCache cache;
  json::DpsBodyCodec codec;
  testing::FakeCrypto crypto;
  testing::FakeClock clock;
  testing::FakeEntropy entropy;
  MqttSession session({cache, codec, crypto, clock, entropy}, {{}, "192.0.2.7"},
                      domain::DeviceProtocol::mqtt);
  std::vector<RequestToken> open;
  const auto take = [&open](const MqttOutput& out) {
    for (const DeviceRequest& request : out.requests) {
      open.push_back(std::visit([](const auto& any) { return any.token; }, request));
    }
    fuzz::require(!out.close || !out.reason.empty() || out.requests.empty());
  };

  fuzz::Input input(data, size);
  while (!input.at_end()) {
    const std::uint8_t step = input.byte();
    if (step == 0xFF) {
      clock.advance(std::chrono::seconds{input.byte()});
      take(session.on_time());
    } else if (step == 0xFE && !open.empty()) {
      Reply reply;
      reply.token = open.back();
      open.pop_back();
      OperationReply assigning;
      assigning.status = {"5.ab.cd", domain::RegistrationStatus::assigning, std::nullopt};
      reply.content = assigning;
      take(session.on_reply(reply));
    } else {
      take(session.on_bytes(input.take(step)));
    }
  }
  return 0;
}
