// A whole CoAP session: requests with blocks of every kind, replies and time in any order.
#include "gateway/core/device/coap_session.hpp"

#include <chrono>
#include <memory>
#include <variant>
#include <vector>

#include "gateway/core/limits.hpp"
#include "shared/json/device_json.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;
using namespace berth::gateway;

namespace {

std::optional<CoapBlock> block_in(fuzz::Input& input) {
  const std::uint8_t flags = input.byte();
  if ((flags & 0x80) == 0) return std::nullopt;
  const auto number = static_cast<std::uint32_t>((input.byte() << 8) | input.byte());
  return CoapBlock{(flags & 0x40) != 0 ? number << 4U : number & 0x1FU, (flags & 0x08) != 0,
                   static_cast<std::uint8_t>(flags & 0x07)};
}

CoapRequest request_in(fuzz::Input& input) {
  CoapRequest request;
  const std::uint8_t kind = input.byte();
  request.method = static_cast<CoapMethod>(kind % 4);
  request.path = {"0ne00LAB001", "registrations", "dev-1"};
  if ((kind & 0x10) != 0) request.path.emplace_back("register");
  if ((kind & 0x20) != 0) request.path.insert(request.path.end(), {"operations", "5.ab.cd"});
  if ((kind & 0x40) != 0) request.size1 = static_cast<std::uint32_t>(input.byte()) << 16U;
  if ((kind & 0x80) != 0) request.query.emplace_back(as_text(input.take(input.byte() % 32)));
  request.block1 = block_in(input);
  request.block2 = block_in(input);
  // What a block holds is mostly what it names.
  const std::size_t size =
      request.block1 && (kind & 0x08) == 0 ? request.block1->size() : input.byte();
  request.payload = std::string(as_text(input.take(size)));
  if ((kind & 0x08) == 0) request.payload.resize(size, ' ');
  return request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  json::DpsBodyCodec codec;
  testing::FakeClock clock;
  testing::FakeEntropy entropy;
  const DeviceCoap mapping(codec, clock, entropy);
  CoapBudget budget(kMaxCoapBuffered);
  auto session = std::make_unique<CoapSession>(mapping, CoapPeer{}, budget, clock);
  std::vector<RequestToken> open;

  fuzz::Input input(data, size);
  while (!input.at_end()) {
    const std::uint8_t step = input.byte();
    if (step == 0xFF) {
      clock.advance(std::chrono::seconds{input.byte()});
      session->on_time();
    } else if (step == 0xFE && !open.empty()) {
      Reply reply;
      reply.token = open.back();
      open.pop_back();
      OperationReply assigning;
      assigning.status = {std::string(std::size_t{16} * input.byte(), 'x'),
                          domain::RegistrationStatus::assigning, std::nullopt};
      reply.content = assigning;
      const auto answer = session->on_reply(reply);
      fuzz::require(answer.has_value());
    } else {
      const CoapOutput out = session->on_request({step, {}, true}, request_in(input));
      fuzz::require(!out.response || !out.request);
      if (out.request) {
        open.push_back(std::visit([](const auto& any) { return any.token; }, *out.request));
      }
      if (out.response && out.response->block2) {
        fuzz::require(out.response->payload.size() <= out.response->block2->size());
      }
    }
    fuzz::require(open.size() <= kMaxCoapRequests);
    // One body and one answer at most.
    fuzz::require(budget.left() >= kMaxCoapBuffered - 2 * protocol::kMaxDeviceBody);
  }
  session.reset();
  fuzz::require(budget.left() == kMaxCoapBuffered);
  return 0;
}
