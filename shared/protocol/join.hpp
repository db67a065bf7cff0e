// Joining: how a gateway gets its identity from the coordinator with a one-time token (design
// section 4). The token says where the coordinator is, which CA it must prove, and for which
// gateway the secret counts. The texts of these are in shared/json/join_json.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/domain/model/ids.hpp"

namespace berth::protocol {

inline constexpr std::size_t kJoinSecretSize = 32;
// How long a token may be good.
inline constexpr std::chrono::seconds kMaxJoinTokenLifetime{3600};

struct JoinToken {
  std::string url;       // https://host:port of the service endpoint
  Bytes ca_fingerprint;  // SHA-256 of the CA certificate's DER
  domain::GatewayId gateway_id;
  SecretBytes secret;
};

// POST /berth/v1/gateways:join
struct JoinRequest {
  JoinToken token;
  Bytes csr;  // PKCS#10, DER
};

struct JoinReply {
  domain::GatewayId gateway_id;
  Bytes certificate;     // DER
  Bytes ca_certificate;  // DER
  domain::CoordinatorId coordinator_id;
  std::string sync_host;
  std::uint16_t sync_port = 0;
  std::vector<domain::IdScope> id_scopes;
};

}  // namespace berth::protocol
