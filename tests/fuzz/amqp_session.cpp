// A whole AMQP session over proton: headers, SASL, frames, replies and time in any order, with a
// certificate or without.
#include "gateway/linux/amqp_session.hpp"

#include <chrono>
#include <variant>
#include <vector>

#include "shared/json/device_json.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/fake_gateway.hpp"

using namespace berth;
using namespace berth::gateway;

namespace {

Reply answer_to(const DeviceRequest& request, std::uint8_t how) {
  Reply reply;
  reply.token = std::visit([](const auto& any) { return any.token; }, request);
  const auto* registration = std::get_if<RegisterRequest>(&request);
  if (registration != nullptr && registration->body.tpm && registration->claim.sas_token.empty()) {
    reply.content = ChallengeReply{Bytes(how * 4U, 'b')};
  } else if (how % 2 == 0) {
    OperationReply assigning;
    assigning.status = {"5.ab.cd", domain::RegistrationStatus::assigning, std::nullopt};
    reply.content = assigning;
  } else {
    reply.content = Refusal{static_cast<Errc>(how % 8), "guid", std::chrono::seconds{how}};
  }
  return reply;
}

}  // namespace

// In pieces: 0xFF and a byte is time, 0xFE and a byte a reply, 0xFD and two bytes a long piece; any
// other byte says how long the next piece is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  testing::FakeCache cache;
  json::DpsBodyCodec codec;
  testing::FakeCrypto crypto;
  testing::FakeClock clock;
  testing::FakeEntropy entropy;
  fuzz::Input input(data, size);
  DevicePeer peer{{}, "192.0.2.7"};
  if (input.byte() % 2 == 1) {
    peer.chain = {crypto.make({.subject = "CN=dev-1", .issuer = "CN=ca"}).der};
  }
  AmqpSession session({cache, codec, crypto, clock, entropy}, peer, domain::DeviceProtocol::amqp);
  std::vector<DeviceRequest> open;
  bool closed = false;
  const auto take = [&](const SessionOutput& out) {
    fuzz::require(!closed || (out.send.empty() && out.requests.empty()));
    closed = closed || out.close;
    open.insert(open.end(), out.requests.begin(), out.requests.end());
    fuzz::require(closed || open.size() <= session.max_requests() + 1);
    fuzz::require(closed == !session.next_wake().has_value());
  };

  while (!input.at_end()) {
    const std::uint8_t step = input.byte();
    if (step == 0xFF) {
      clock.advance(std::chrono::seconds{input.byte()});
      take(session.on_time());
    } else if (step == 0xFE) {
      const std::uint8_t how = input.byte();
      if (open.empty()) continue;
      const Reply reply = answer_to(open.back(), how);
      open.pop_back();
      take(session.on_reply(reply));
    } else {
      const std::size_t high = step == 0xFD ? std::size_t{input.byte()} * 256U + input.byte() : 0;
      take(session.on_bytes(input.take(high + (step == 0xFD ? 0 : step))));
    }
  }
  return 0;
}
