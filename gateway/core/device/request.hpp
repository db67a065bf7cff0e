// What a protocol adapter hands to the registration engine, and what it gets back. All protocols
// meet here: an adapter knows nothing of enrollments, the engine nothing of HTTP or MQTT.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/errc.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/domain/attestation/pre_shared_key.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/protocol/device/body.hpp"

namespace berth::gateway {

// Chosen by whoever submits a request; comes back with its reply.
using RequestToken = std::uint64_t;

// Who somebody says that he is, with the proof, as it came over the wire. Nothing in it was
// checked.
struct Claim {
  std::string id_scope;
  std::string registration_id;
  std::vector<Bytes> chain;             // the TLS client certificate's chain: DER, leaf first
  SecretBytes sas_token;                // "SharedAccessSignature …", or empty
  std::optional<domain::PskProof> psk;  // of a DTLS handshake that ended well
  domain::DeviceProtocol protocol = domain::DeviceProtocol::https;
  std::string source;  // the peer's address, for logs
  std::string api_version;
};

struct RegisterRequest {
  RequestToken token = 0;
  Claim claim;
  protocol::RegisterBody body;
};

struct PollRequest {
  RequestToken token = 0;
  Claim claim;
  std::string operation_id;
};

struct StatusRequest {
  RequestToken token = 0;
  Claim claim;
  protocol::RegisterBody body;
};

using DeviceRequest = std::variant<RegisterRequest, PollRequest, StatusRequest>;

// The operation as it stands. Final if the status is not `assigning`; otherwise ask again after
// `retry_after`.
struct OperationReply {
  protocol::OperationStatus status;
  std::chrono::seconds retry_after{0};
};

struct RegistrationReply {
  protocol::RegistrationResult result;
};

// To a TPM that showed its keys and no token (device API 4.2): what only that TPM can activate.
// Over HTTPS it is the body of a 401, over AMQP the SASL mechanism's challenge.
struct ChallengeReply {
  Bytes authentication_key;  // the first blob (device API 4.3)
};

struct Refusal {
  Errc code = Errc::internal;
  std::string tracking_id;              // a GUID; the log names it beside the reason
  std::chrono::seconds retry_after{0};  // with throttled and unavailable
};

// `tracking_id` (below) is the GUID by which the device, both sides' logs and the audit log know
// what was answered: of the operation, if the answer is about one.
struct Reply {
  RequestToken token = 0;
  std::variant<OperationReply, RegistrationReply, ChallengeReply, Refusal> content;
  std::string tracking_id = {};  // empty: the answer has none of its own
};

// Whether only the device itself can have got this reply: it says that its credential is good.
[[nodiscard]] inline bool is_to_attested(const Reply& reply) {
  return std::holds_alternative<OperationReply>(reply.content) ||
         std::holds_alternative<RegistrationReply>(reply.content);
}

}  // namespace berth::gateway
