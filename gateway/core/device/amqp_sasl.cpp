#include "gateway/core/device/amqp_sasl.hpp"

#include <utility>

namespace berth::gateway {
namespace {

constexpr std::string_view kPlain = "PLAIN";
constexpr std::string_view kTpm = "TPM";
constexpr std::string_view kExternal = "EXTERNAL";
constexpr std::string_view kAnonymous = "ANONYMOUS";

}  // namespace

AmqpSasl::AmqpSasl(bool has_certificate) : has_certificate_(has_certificate), mechanisms_(kPlain) {
  mechanisms_.append(" ").append(kTpm);
  if (has_certificate) {
    mechanisms_.append(" ").append(kExternal).append(" ").append(kAnonymous);
  }
}

SaslStep AmqpSasl::accept() {
  state_ = State::accepted;
  return {SaslStep::Kind::accepted, {}, {}};
}

SaslStep AmqpSasl::refuse(std::string reason) {
  state_ = State::refused;
  return {SaslStep::Kind::refused, {}, std::move(reason)};
}

SaslStep AmqpSasl::on_init(std::string_view mechanism, ByteView response) {
  if (state_ != State::init) return refuse("SASL: init comes once");
  if (mechanism == kPlain) return plain(response);
  if (mechanism == kTpm) {
    const Result<void> read = tpm_.on_init(response);
    if (!read) return refuse(read.error().reason);
    state_ = State::tpm;
    return {SaslStep::Kind::challenge, {SaslTpm::kAskForRoot}, {}};
  }
  // Both leave it to the certificate: what they say beside it is of no interest.
  if ((mechanism == kExternal || mechanism == kAnonymous) && has_certificate_) return accept();
  return refuse("SASL: a mechanism that was not offered");
}

// RFC 4616: authzid NUL authcid NUL passwd. The token is the password; it has no zero byte.
SaslStep AmqpSasl::plain(ByteView response) {
  const std::string_view text = as_text(response);
  const std::size_t first = text.find('\0');
  const std::size_t second = first == std::string_view::npos ? first : text.find('\0', first + 1);
  if (second == std::string_view::npos) return refuse("SASL PLAIN: the response does not parse");
  const std::string_view authzid = text.substr(0, first);
  const std::string_view authcid = text.substr(first + 1, second - first - 1);
  const ByteView token = response.subspan(second + 1);
  if (!authzid.empty() && authzid != authcid) return refuse("SASL PLAIN: acting for another");
  device_ = read_amqp_address(authcid);
  if (!device_) return refuse("SASL PLAIN: the user is no device");
  if (token.empty()) return refuse("SASL PLAIN: there is no token");
  token_ = SecretBytes::copy_of(token);
  return accept();
}

SaslStep AmqpSasl::on_response(ByteView response) {
  if (state_ != State::tpm) return refuse("SASL: a response that nothing asked for");
  const Result<SaslTpm::Step> step = tpm_.on_response(response);
  if (!step) return refuse(step.error().reason);
  switch (*step) {
    case SaslTpm::Step::needs_challenge:
      state_ = State::waiting;
      return {SaslStep::Kind::wait, {}, {}};
    case SaslTpm::Step::send_segment: return {SaslStep::Kind::challenge, tpm_.take_segment(), {}};
    case SaslTpm::Step::done:
      device_ = AmqpAddress{tpm_.id_scope(), tpm_.registration_id()};
      token_ = tpm_.take_token();
      return accept();
  }
  return refuse("SASL: an unknown step");
}

SaslStep AmqpSasl::on_tpm_challenge(ByteView challenge) {
  if (state_ != State::waiting) return refuse("SASL TPM: no challenge was due");
  const Result<void> taken = tpm_.on_challenge(challenge);
  if (!taken) return refuse(taken.error().reason);
  state_ = State::tpm;
  return {SaslStep::Kind::challenge, tpm_.take_segment(), {}};
}

}  // namespace berth::gateway
