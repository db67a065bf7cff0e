// One machine's TPM, as a test has it: what one sealed, another does not open.
#pragma once

#include <cstdint>
#include <optional>

#include "shared/ports/key_sealer.hpp"

namespace berth::testing {

struct FakeKeySealer final : ports::KeySealer {
  std::uint8_t machine = 1;
  std::optional<Error> failure;
  int failing_calls = 0;  // so many of the next calls fail, with `failure`

  Result<Bytes> seal(const SecretBytes& secret) override {
    if (fails()) return *failure;
    Bytes sealed{machine};
    for (const std::uint8_t byte : secret.reveal()) {
      sealed.push_back(static_cast<std::uint8_t>(byte ^ (machine + 0x5A)));
    }
    return sealed;
  }
  Result<SecretBytes> unseal(ByteView sealed) override {
    if (fails()) return *failure;
    if (sealed.empty() || sealed.front() != machine) {
      return Error{Errc::wrong_key, "another machine sealed it"};
    }
    Bytes secret;
    for (const std::uint8_t byte : sealed.subspan(1)) {
      secret.push_back(static_cast<std::uint8_t>(byte ^ (machine + 0x5A)));
    }
    return SecretBytes(std::move(secret));
  }

 private:
  bool fails() { return failing_calls > 0 && failing_calls-- > 0; }
};

}  // namespace berth::testing
