// A device's SASL exchange (device API 3.1 and 3.4; RFC 4616, RFC 4422 appendix A, RFC 4505): which
// mechanisms there are, and who the device says that it is. What that is worth is judged when it
// registers, as over MQTT: a device that gets no further than this learns nothing of enrollments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/core/device/amqp_address.hpp"
#include "gateway/core/device/sasl_tpm.hpp"
#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"

namespace berth::gateway {

struct SaslStep {
  enum class Kind : std::uint8_t {
    challenge,  // send `challenge`
    wait,       // until on_tpm_challenge()
    accepted,
    refused,
  };
  Kind kind = Kind::refused;
  Bytes challenge;
  std::string reason;  // for the installer's log, if refused
};

class AmqpSasl {
 public:
  // `has_certificate`: the TLS layer saw one.
  explicit AmqpSasl(bool has_certificate);

  // Separated by spaces, in the order of the offer: rhea takes the first one that it knows, so that
  // EXTERNAL and ANONYMOUS, which need a certificate, come last and only if there is one.
  [[nodiscard]] const std::string& mechanisms() const { return mechanisms_; }

  [[nodiscard]] SaslStep on_init(std::string_view mechanism, ByteView response);
  [[nodiscard]] SaslStep on_response(ByteView response);
  // After a step `wait`: what the engine gave for the device's keys.
  [[nodiscard]] SaslStep on_tpm_challenge(ByteView challenge);
  [[nodiscard]] const SaslTpm& tpm() const { return tpm_; }

  [[nodiscard]] bool is_accepted() const { return state_ == State::accepted; }
  // Once accepted: the device that PLAIN or TPM named; none if it is the certificate's.
  [[nodiscard]] const std::optional<AmqpAddress>& device() const { return device_; }
  // And its token.
  [[nodiscard]] const SecretBytes& token() const { return token_; }

 private:
  enum class State : std::uint8_t { init, tpm, waiting, accepted, refused };

  SaslStep accept();
  SaslStep refuse(std::string reason);
  SaslStep plain(ByteView response);

  bool has_certificate_;
  std::string mechanisms_;
  State state_ = State::init;
  SaslTpm tpm_;
  std::optional<AmqpAddress> device_;
  SecretBytes token_;
};

}  // namespace berth::gateway
