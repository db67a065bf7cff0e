// The coordinator's own CA (design section 4): it signs gateways' client certificates, the
// certificates of their device endpoints, the coordinator's own server certificate, and permits.
// Made at first start, or taken over then, and kept as a sealed record of the node.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/domain/model/authority.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/certificate_authority.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

// The record, in Table::node of the node's own tenant.
inline constexpr const char* kCaRecordId = "ca";

inline constexpr std::chrono::days kCaLifetime{20 * 365};
inline constexpr std::chrono::days kGatewayCertificateLifetime{90};
inline constexpr std::chrono::days kServerCertificateLifetime{90};
// Certificates begin this long ago, for clocks that lag; one that is good for less, by its
// lifetime.
inline constexpr std::chrono::hours kBackdating{1};
// Names and addresses of one server certificate.
inline constexpr std::size_t kMaxServerNames = 32;

class CertificateAuthority {
 public:
  // A CA that somebody brings along, for the first start.
  struct Given {
    Bytes certificate;        // DER
    SecretBytes private_key;  // DER PKCS#8
  };

  // Reads the CA, or makes it (takes over `given`) and writes it. What is lent outlives this
  // object.
  // `gateway_lifetime`: of the certificates that gateways get.
  [[nodiscard]] static Result<CertificateAuthority> open(
      store::RecordStore& store, ports::CertificateAuthority& x509, ports::Crypto& crypto,
      ports::Clock& clock, const domain::CoordinatorId& coordinator, std::optional<Given> given,
      std::chrono::seconds gateway_lifetime = kGatewayCertificateLifetime);

  [[nodiscard]] const Bytes& certificate() const { return identity_.certificate; }
  [[nodiscard]] const ports::Certificate& parsed_certificate() const { return parsed_; }
  [[nodiscard]] const Bytes& public_key() const { return parsed_.public_key; }
  // SHA-256 of the certificate: what join tokens pin.
  [[nodiscard]] Bytes fingerprint() const;

  [[nodiscard]] std::chrono::seconds gateway_lifetime() const { return gateway_lifetime_; }
  // A client certificate: its common name is the gateway's ID.
  [[nodiscard]] Result<Bytes> issue_gateway(const domain::GatewayId& gateway,
                                            const Bytes& public_key) const;
  // A server certificate for the key of a gateway's device endpoint. Names are DNS names or IP
  // addresses, one to kMaxServerNames; Errc::invalid otherwise.
  [[nodiscard]] Result<Bytes> issue_device_endpoint(const std::vector<std::string>& names,
                                                    const Bytes& public_key) const;
  // A new key with its server certificate and the CA's: for the service endpoint.
  [[nodiscard]] Result<ports::TlsIdentity> issue_service(
      const std::vector<std::string>& names) const;
  // The key that a certificate request proves to hold.
  [[nodiscard]] Result<Bytes> read_csr(ByteView csr) const;

  [[nodiscard]] Result<Bytes> sign(ByteView message) const;

 private:
  CertificateAuthority(ports::CertificateAuthority& x509, ports::Crypto& crypto,
                       ports::Clock& clock, std::chrono::seconds gateway_lifetime,
                       domain::NodeIdentity identity, ports::Certificate parsed)
      : x509_(&x509),
        crypto_(&crypto),
        clock_(&clock),
        gateway_lifetime_(gateway_lifetime),
        identity_(std::move(identity)),
        parsed_(std::move(parsed)) {}

  [[nodiscard]] Result<Bytes> issue_server(const std::vector<std::string>& names,
                                           const Bytes& public_key,
                                           std::chrono::seconds lifetime) const;
  [[nodiscard]] Result<Bytes> issue(ports::CertificateRequest request,
                                    std::chrono::seconds lifetime) const;

  // Lent; pointers so that the object can be moved out of open().
  ports::CertificateAuthority* x509_;
  ports::Crypto* crypto_;
  ports::Clock* clock_;
  std::chrono::seconds gateway_lifetime_;
  domain::NodeIdentity identity_;
  ports::Certificate parsed_;
};

}  // namespace berth::coordinator
