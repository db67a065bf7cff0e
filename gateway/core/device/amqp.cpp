#include "gateway/core/device/amqp.hpp"

#include <utility>

#include "gateway/core/device/api_version.hpp"
#include "shared/base/assert.hpp"
#include "shared/protocol/errors.hpp"

namespace berth::gateway {
namespace {

constexpr std::string_view kRegister = "iotdps-register";
constexpr std::string_view kPoll = "iotdps-get-operationstatus";

AmqpRefusal refusal_of(Errc code, const std::string& document) {
  return AmqpRefusal{code, protocol::device_error(code).amqp_condition, document, std::nullopt, {}};
}

}  // namespace

AmqpRefusal DeviceAmqp::refuse(Errc code, std::string reason) const {
  AmqpRefusal refusal = refusal_of(code, json_.write(protocol::device_error_document(
                                             code, protocol::new_guid(entropy_), clock_.wall())));
  refusal.reason = std::move(reason);
  return refusal;
}

std::variant<DeviceRequest, AmqpRefusal> DeviceAmqp::read(const amqp::RequestMessage& message,
                                                          const Claim& claim,
                                                          RequestToken token) const {
  if (!is_api_version(claim.api_version)) {
    return refuse(Errc::invalid, "neither of the device's links names an api-version");
  }
  if (message.operation_type == kPoll) {
    if (message.operation_id.empty()) return refuse(Errc::invalid, "a poll without operation ID");
    return DeviceRequest(PollRequest{token, claim, message.operation_id});
  }
  if (message.operation_type != kRegister) {
    return refuse(Errc::invalid, "a message that asks for no operation of the device API");
  }
  Result<protocol::RegisterBody> body = json_.read_register(message.body);
  if (!body) return refuse(body.error().code, body.error().reason);
  return DeviceRequest(RegisterRequest{token, claim, std::move(*body)});
}

std::variant<amqp::ReplyMessage, AmqpRefusal> DeviceAmqp::write(const Reply& reply,
                                                                Bytes correlation_id) const {
  if (const auto* refusal = std::get_if<Refusal>(&reply.content)) {
    AmqpRefusal refused =
        refusal_of(refusal->code, json_.write(protocol::device_error_document(
                                      refusal->code, refusal->tracking_id, clock_.wall())));
    if (refusal->retry_after.count() > 0) refused.retry_after = refusal->retry_after;
    return refused;
  }
  // A TPM that registers without having gone through SASL's mechanism has no token to show.
  if (std::holds_alternative<ChallengeReply>(reply.content)) {
    return refuse(Errc::unauthorized, "a TPM registers by SASL's mechanism TPM");
  }
  // A status look-up has no operation here, so no other reply can come.
  const auto* operation = std::get_if<OperationReply>(&reply.content);
  BERTH_ASSERT(operation != nullptr);
  const bool is_pending = operation->status.status == domain::RegistrationStatus::assigning;
  amqp::ReplyMessage message;
  message.correlation_id = std::move(correlation_id);
  message.status = is_pending ? 202 : 200;
  if (is_pending) message.retry_after = operation->retry_after;
  message.body = json_.write(operation->status);
  return message;
}

}  // namespace berth::gateway
