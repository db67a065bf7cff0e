// A device as berth-device plays it: who it is, how it attests, and what became of its
// registration.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/ports/tls_engine.hpp"

namespace berth::device {

inline constexpr const char* kApiVersion = "2021-10-01";
inline constexpr const char* kUserAgent = "berth-device/1";

// Where devices provision. MQTT and AMQP over WebSocket share the port of HTTPS.
struct Endpoint {
  std::string host;
  std::uint16_t https_port = 443;
  std::uint16_t mqtt_port = 8883;
  std::uint16_t amqp_port = 5671;
  std::uint16_t coaps_port = 5684;
  std::string id_scope;
  std::vector<Bytes> trusted;  // DER
};

class Tpm;

struct Identity {
  std::string registration_id;
  // Exactly one of symmetric key, certificate and TPM.
  std::shared_ptr<Tpm> tpm;  // shared by its attempts, one after the other, and their mechanisms
  bool shows_certificate = false;  // of the TPM's endorsement key, which DPS does not ask for
  std::optional<SecretBytes> symmetric_key;
  // What a pre-shared key's identity says of that key: the group it is derived from, and that it is
  // the secondary one. CoAPS only.
  std::string group_id;
  bool is_secondary_key = false;
  ports::TlsIdentity certificate;
  std::string payload;  // JSON object text; empty: none
};

// How it ended. Not assigned: the code and message that the endpoint gave.
struct Outcome {
  bool assigned = false;
  std::string hub;
  std::string device_id;
  std::string substatus;
  std::string payload;
  Bytes tpm_authentication_key;  // a TPM's: what wraps the key for its hub
  std::string hub_token;         // a TPM's, if it was asked for: signed with that key
  std::int64_t error_code = 0;
  std::string message;
};

struct Attempt {
  Endpoint endpoint;
  Identity identity;
  std::shared_ptr<ports::TlsContext> tls;
  std::chrono::milliseconds timeout{60000};  // for the whole registration
  std::int64_t unix_now = 0;                 // for the SAS token's expiry
  std::string api_version = kApiVersion;
  // Asks for a new assignment whatever the enrollment's policy says. MQTT has no words for it.
  bool force = false;
  bool wants_hub_token = false;  // see Outcome
};

// "{idScope}/registrations/{registrationId}", which names the device in every protocol.
[[nodiscard]] std::string resource_of(const Attempt& attempt);

}  // namespace berth::device
