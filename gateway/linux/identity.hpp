// Who this gateway is: its key, the certificate that the coordinator issued for it when it joined,
// and where the coordinator is (design section 4, joining).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "gateway/core/limits.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/authority.hpp"
#include "shared/ports/certificate_authority.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/protocol/join.hpp"
#include "shared/runtime/task.hpp"
#include "shared/store/record_store.hpp"

namespace berth::gateway {

// Records in Table::node of the node's own tenant.
inline constexpr const char* kIdentityId = "identity";
inline constexpr const char* kJoinId = "join";
inline constexpr const char* kDeviceCertificateId = "device-certificate";

struct GatewayIdentity {
  domain::NodeIdentity node;
  protocol::JoinReply join;
};

// Nothing until the gateway has joined.
[[nodiscard]] Result<std::optional<GatewayIdentity>> load_identity(const store::Reader& reader);
[[nodiscard]] Result<std::optional<domain::NodeIdentity>> load_node(const store::Reader& reader,
                                                                    const std::string& id);
[[nodiscard]] Result<void> save_node(store::RecordStore& store, const std::string& id,
                                     const domain::NodeIdentity& node);

// The certificate with the CA behind it, as a side of a connection shows it.
[[nodiscard]] ports::TlsIdentity tls_identity(const domain::NodeIdentity& node);

struct JoinPorts {
  store::RecordStore& store;
  ports::CertificateAuthority& x509;
  ports::Crypto& crypto;
  ports::TlsLibrary& tls;
  std::chrono::milliseconds patience = kJoinTimeout;  // with each of its two exchanges
};

// Joins with a token: makes the key (durably, before it is shown to anybody, so that a lost answer
// can be asked for again), proves the CA that the token pins, and keeps what the coordinator gives.
// `host` and `port` stand in for the token's, where they are set.
[[nodiscard]] runtime::Task<Result<GatewayIdentity>> join(boost::asio::any_io_executor executor,
                                                          std::string token, std::string host,
                                                          std::uint16_t port, JoinPorts ports);

}  // namespace berth::gateway
