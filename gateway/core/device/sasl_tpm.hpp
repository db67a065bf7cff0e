// The SASL mechanism TPM, byte for byte (device API 3.4): the device shows its keys, is given the
// challenge that only its TPM can activate, and answers with a token signed by what it activated.
// What the challenge is, and what the token is worth, is the engine's business.
#pragma once

#include <cstdint>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/protocol/device/body.hpp"

namespace berth::gateway {

class SaslTpm {
 public:
  // `00` scope `00` registration ID `00` EK. The answer to it is kAskForRoot.
  [[nodiscard]] Result<void> on_init(ByteView response);
  // What the device sends next. SRK, and behind it the endorsement key's certificates, if any: a
  // challenge is due, see on_challenge(). Anything, to the first segment: the second one is next.
  // The token: done.
  enum class Step : std::uint8_t { needs_challenge, send_segment, done };
  [[nodiscard]] Result<Step> on_response(ByteView response);
  // The engine's challenge, to be cut in two. Errc::too_large if two segments do not hold it.
  [[nodiscard]] Result<void> on_challenge(ByteView challenge);

  // `80` and the first part, then `C1` and the rest: Java takes exactly these two.
  [[nodiscard]] Bytes take_segment();

  [[nodiscard]] const std::string& id_scope() const { return id_scope_; }
  [[nodiscard]] const std::string& registration_id() const { return registration_id_; }
  [[nodiscard]] const protocol::TpmKeys& keys() const { return keys_; }
  [[nodiscard]] SecretBytes take_token() { return std::move(token_); }

  // The first challenge: one zero byte, which asks for the storage root key.
  static constexpr std::uint8_t kAskForRoot = 0x00;

 private:
  enum class State : std::uint8_t { init, root_key, challenge, first_segment, token, done };

  [[nodiscard]] bool take_root_key(ByteView key);

  State state_ = State::init;
  std::string id_scope_;
  std::string registration_id_;
  protocol::TpmKeys keys_;
  Bytes challenge_;
  SecretBytes token_;
};

}  // namespace berth::gateway
