// Keeps this gateway's two certificates good: the one it shows the coordinator, and, unless the
// configuration brings one, the one it shows devices. Both are renewed by the coordinator's CA when
// two thirds of their time are over, so that weeks of a cut link do no harm (design section 4).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/linux/identity.hpp"
#include "gateway/linux/sync_link.hpp"
#include "shared/ports/certificate_authority.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/runtime/log.hpp"

namespace berth::gateway {

// Certificates are looked at this often at least, and at most.
inline constexpr std::chrono::seconds kLongestCertificatePause = std::chrono::hours{1};
inline constexpr std::chrono::seconds kShortestCertificatePause{1};

// Whether a certificate is due: two thirds of its time are over. One that can't be read is.
[[nodiscard]] bool is_due(const Result<ports::Certificate>& certificate, WallTime now);
// When to look at it again: when it is due; if it is due already, soon enough for many more tries
// before it expires.
[[nodiscard]] std::chrono::seconds next_look(const Result<ports::Certificate>& certificate,
                                             WallTime now);

class CertificateKeeper {
 public:
  struct Services {
    store::RecordStore& store;
    ports::CertificateAuthority& x509;
    ports::Crypto& crypto;
    ports::Clock& clock;
    SyncLink& link;
    runtime::Log& log;
  };
  // Told of a new certificate, on the link's executor.
  using Renewed = std::function<void(const domain::NodeIdentity&)>;

  // `device_names`: what the device endpoint's certificate is for; empty if the configuration
  // brings the certificate.
  CertificateKeeper(Services services, std::vector<std::string> device_names, Renewed own,
                    Renewed device);

  // Asks for what is due. To be called when the link opens, and again after what it returns.
  std::chrono::seconds check();

 private:
  void renew_own();
  void renew_device();
  // The key of the device endpoint; made once, another if the names change.
  Result<domain::NodeIdentity> device_node();

  Services services_;
  std::vector<std::string> device_names_;
  Renewed own_;
  Renewed device_;
};

}  // namespace berth::gateway
