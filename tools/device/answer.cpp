#include "tools/device/answer.hpp"

#include <algorithm>
#include <charconv>

#include <boost/json.hpp>

#include "shared/base/encoding.hpp"
#include "shared/protocol/sas_token.hpp"
#include "tools/device/tpm.hpp"

namespace berth::device {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

}  // namespace

Result<Answer> read_answer(int status, std::string_view body) {
  json::error_code failed;
  const json::value value = json::parse(json::string_view(body.data(), body.size()), failed);
  if (failed || !value.is_object()) {
    return Error{Errc::malformed,
                 "status " + std::to_string(status) + " with a body that is no JSON"};
  }
  const json::object& object = value.get_object();
  Answer answer;
  const std::string word = text_of(object, "status");
  if (status >= 300 || word.empty()) {
    answer.outcome.error_code = number_of(object, "errorCode");
    answer.outcome.message = text_of(object, "message");
    return answer;
  }
  const json::value* state = object.if_contains("registrationState");
  const json::object empty;
  const json::object& registration =
      state != nullptr && state->is_object() ? state->get_object() : empty;
  if (word == "assigned") {
    answer.kind = Answer::Kind::assigned;
    answer.outcome.assigned = true;
    answer.outcome.hub = text_of(registration, "assignedHub");
    answer.outcome.device_id = text_of(registration, "deviceId");
    answer.outcome.substatus = text_of(registration, "substatus");
    if (const json::value* tpm = registration.if_contains("tpm"); tpm && tpm->is_object()) {
      answer.outcome.tpm_authentication_key =
          from_base64(text_of(tpm->get_object(), "authenticationKey")).value_or(Bytes{});
    }
    if (const json::value* payload = registration.if_contains("payload")) {
      answer.outcome.payload = json::serialize(*payload);
    }
  } else if (word == "assigning" || word == "registering") {
    answer.kind = Answer::Kind::pending;
    answer.operation_id = text_of(object, "operationId");
    if (answer.operation_id.empty()) {
      return Error{Errc::malformed, "the endpoint said assigning without an operationId"};
    }
  } else {
    answer.kind = Answer::Kind::failed;
    answer.outcome.error_code = number_of(registration, "errorCode");
    answer.outcome.message = text_of(registration, "errorMessage");
    if (answer.outcome.message.empty()) answer.outcome.message = "status " + word;
  }
  return answer;
}

std::optional<Bytes> read_tpm_challenge(int status, std::string_view body) {
  constexpr int kUnauthorized = 401;
  json::error_code failed;
  const json::value value = json::parse(json::string_view(body.data(), body.size()), failed);
  if (status != kUnauthorized || failed || !value.is_object()) return std::nullopt;
  const std::string blob = text_of(value.get_object(), "authenticationKey");
  if (blob.empty()) return std::nullopt;
  return from_base64(blob);
}

std::string register_body(const Identity& identity) {
  json::object body;
  body["registrationId"] = identity.registration_id;
  if (identity.tpm) {
    json::object tpm;
    tpm["endorsementKey"] = to_base64(identity.tpm->endorsement_key());
    tpm["storageRootKey"] = to_base64(identity.tpm->storage_root_key());
    const Bytes& certificate = identity.tpm->endorsement_certificate();
    if (identity.shows_certificate && !certificate.empty()) {
      tpm["endorsementKeyCertificates"] = json::array{to_base64(certificate)};
    }
    body["tpm"] = std::move(tpm);
  }
  if (!identity.payload.empty()) {
    json::error_code failed;
    json::value payload = json::parse(identity.payload, failed);
    if (!failed) body["payload"] = std::move(payload);
  }
  return json::serialize(body);
}

std::string sas_token(const Attempt& attempt, ports::Crypto& crypto) {
  constexpr std::int64_t kLifetime = 3600;
  return protocol::make_sas_token(
      attempt.endpoint.id_scope + "/registrations/" + attempt.identity.registration_id,
      *attempt.identity.symmetric_key, attempt.unix_now + kLifetime, "registration", crypto);
}

std::chrono::milliseconds poll_delay(std::string_view retry_after) {
  constexpr std::int64_t kDefault = 2;
  std::int64_t seconds = kDefault;
  if (!retry_after.empty()) {
    const auto [end, failed] =
        std::from_chars(retry_after.data(), retry_after.data() + retry_after.size(), seconds);
    if (failed != std::errc{} || end != retry_after.data() + retry_after.size()) seconds = kDefault;
  }
  constexpr std::int64_t kLongest = 30;
  const std::chrono::seconds wanted{std::clamp<std::int64_t>(seconds, 0, kLongest)};
  return std::max<std::chrono::milliseconds>(wanted, std::chrono::milliseconds{100});
}

}  // namespace berth::device
