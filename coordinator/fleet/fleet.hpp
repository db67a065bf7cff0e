// The fleet: gateways from creation to removal, and which of them a connection is.
#pragma once

#include <string>
#include <vector>

#include "coordinator/fleet/broker_accounts.hpp"
#include "coordinator/fleet/certificate_authority.hpp"
#include "coordinator/fleet/joining.hpp"
#include "coordinator/store/gateways.hpp"
#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/gateway.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::coordinator {

class Fleet {
 public:
  // All that is lent outlives this object.
  Fleet(Gateways& gateways, Joining& joining, const CertificateAuthority& ca, ports::Crypto& crypto,
        ports::Clock& clock, ports::Entropy& entropy)
      : gateways_(gateways),
        joining_(joining),
        ca_(ca),
        crypto_(crypto),
        clock_(clock),
        entropy_(entropy) {}

  struct Created {
    Versioned<domain::Gateway> gateway;
    protocol::JoinToken token;
  };
  // A gateway that may join, and its token. Errors as Gateways::put.
  [[nodiscard]] Result<Created> create(const std::string& name, const domain::SiteId& site,
                                       std::vector<domain::IdScope> tenants);
  // A disabled gateway may not connect; enabled again, it goes on as it was. Errc::not_found,
  // Errc::forbidden for a removed one.
  [[nodiscard]] Result<void> disable(const domain::GatewayId& gateway);
  [[nodiscard]] Result<void> enable(const domain::GatewayId& gateway);
  // For good: its certificate, tokens and name count no more; what it did stays on record.
  [[nodiscard]] Result<void> remove(const domain::GatewayId& gateway);

  // Which gateway shows this client certificate. Errc::unauthorized if the certificate is not one
  // of ours or not the gateway's present key, Errc::disabled, Errc::forbidden if it was removed.
  struct Visitor {
    domain::Gateway gateway;
    bool may_only_renew = false;  // its certificate has expired
  };
  [[nodiscard]] Result<Visitor> identify(ByteView certificate) const;

  // Another client certificate for the key of a gateway that identify() knew: an answer that is
  // lost must not lock the gateway out. Errc::unauthorized for another key.
  [[nodiscard]] Result<Bytes> renew(const domain::GatewayId& gateway, ByteView csr);
  // How many gateways serve the tenant, or are about to.
  [[nodiscard]] Result<std::size_t> count_serving(const domain::IdScope& tenant) const {
    return count_gateways_of(gateways_, tenant);
  }

  // Notes that the gateway was heard now.
  [[nodiscard]] Result<void> heard(const domain::GatewayId& gateway);

 private:
  [[nodiscard]] Result<Versioned<domain::Gateway>> present(const domain::GatewayId& gateway) const;

  Gateways& gateways_;
  Joining& joining_;
  const CertificateAuthority& ca_;
  ports::Crypto& crypto_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
};

}  // namespace berth::coordinator
