// Joining (design section 4): a one-time token lets a gateway have its own key certified. A token
// expires within the hour and binds the gateway that it was made for. Presented again with the same
// key, it gives the same again, since an answer may have been lost; with another key it raises an
// alarm and gives nothing.
#pragma once

#include <string>

#include "coordinator/fleet/certificate_authority.hpp"
#include "coordinator/store/gateways.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/gateway.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/protocol/join.hpp"

namespace berth::coordinator {

// Where gateways reach this coordinator: service API and sync share one endpoint.
struct PublicEndpoint {
  std::string host;
  std::uint16_t port = 443;
};

class Joining {
 public:
  // All that is lent outlives this object.
  Joining(Gateways& gateways, const CertificateAuthority& ca, domain::CoordinatorId coordinator,
          PublicEndpoint endpoint, ports::Crypto& crypto, ports::Clock& clock,
          ports::Entropy& entropy)
      : gateways_(gateways),
        ca_(ca),
        coordinator_(std::move(coordinator)),
        endpoint_(std::move(endpoint)),
        crypto_(crypto),
        clock_(clock),
        entropy_(entropy) {}

  // A token for a gateway, which voids any earlier one. A gateway that joined before and joins
  // again gets a new key: until then the old one goes on. Errc::not_found, Errc::forbidden for a
  // removed gateway.
  [[nodiscard]] Result<protocol::JoinToken> create_token(const domain::GatewayId& gateway);

  // Errc::unauthorized for a token that is unknown, expired, void or used by another key; one
  // verdict for all, with the reason for the log. Errc::malformed for a request that does not prove
  // its key.
  [[nodiscard]] Result<protocol::JoinReply> join(const protocol::JoinRequest& request);

 private:
  Gateways& gateways_;
  const CertificateAuthority& ca_;
  domain::CoordinatorId coordinator_;
  PublicEndpoint endpoint_;
  ports::Crypto& crypto_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
};

}  // namespace berth::coordinator
