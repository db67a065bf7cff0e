// The SASL mechanism TPM (device API 3.4): responses of a device, a line of length and bytes each.
#include "gateway/core/device/sasl_tpm.hpp"

#include "tests/fuzz/input.hpp"

using namespace berth;
using gateway::SaslTpm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  SaslTpm mechanism;
  const auto next = [&input] {
    const std::size_t high = input.byte();
    return input.take((high << 8) | input.byte());
  };
  if (!mechanism.on_init(next())) {
    return 0;
  }
  while (!input.at_end()) {
    const auto step = mechanism.on_response(next());
    if (!step) {
      return 0;
    }
    switch (*step) {
      case SaslTpm::Step::needs_challenge: {
        const Bytes challenge(input.byte() * 4U, 0x5A);
        if (!mechanism.on_challenge(challenge)) {
          return 0;
        }
        fuzz::require(!mechanism.take_segment().empty());
        break;
      }
      case SaslTpm::Step::send_segment: fuzz::require(!mechanism.take_segment().empty()); break;
      case SaslTpm::Step::done: (void)mechanism.take_token(); return 0;
    }
  }
  return 0;
}
