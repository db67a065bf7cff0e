// The bodies that a provisioning endpoint answers with, as a device reads them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/ports/crypto.hpp"
#include "tools/device/device.hpp"

namespace berth::device {

struct Answer {
  enum class Kind : std::uint8_t { pending, assigned, failed, refused };
  Kind kind = Kind::refused;
  std::string operation_id;  // with pending
  Outcome outcome;           // otherwise
};

// Reads a RegistrationOperationStatus, or an error document. Errc::malformed for anything else.
[[nodiscard]] Result<Answer> read_answer(int status, std::string_view body);

// What a TPM is challenged with (device API 4.2). None: the answer is no challenge.
[[nodiscard]] std::optional<Bytes> read_tpm_challenge(int status, std::string_view body);

// The body of a register request.
[[nodiscard]] std::string register_body(const Identity& identity);

// The SAS token of a symmetric-key device, good for an hour.
[[nodiscard]] std::string sas_token(const Attempt& attempt, ports::Crypto& crypto);

// How long to wait before the next poll: what the endpoint said, at least 100 ms, at most 30 s;
// without a word, 2 s.
[[nodiscard]] std::chrono::milliseconds poll_delay(std::string_view retry_after);

}  // namespace berth::device
