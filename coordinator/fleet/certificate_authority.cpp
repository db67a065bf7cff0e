#include "coordinator/fleet/certificate_authority.hpp"

#include <algorithm>
#include <utility>

#include "shared/protocol/sync/record_codec.hpp"

namespace berth::coordinator {
namespace {

constexpr const char* kCaName = "Berth CA ";
// Common names end at 64 characters; the names that count are in subjectAltName.
constexpr std::size_t kMaxCommonName = 64;
constexpr std::size_t kShownIdDigits = 8;

bool is_address(const std::string& name) {
  const bool digits_and_dots = std::all_of(
      name.begin(), name.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  return digits_and_dots || name.find(':') != std::string::npos;
}

Result<domain::NodeIdentity> make_identity(ports::CertificateAuthority& x509,
                                           const ports::Clock& clock,
                                           const domain::CoordinatorId& coordinator) {
  auto key = x509.generate_p256();
  if (!key) return key.error();
  ports::CertificateRequest request;
  request.common_name = kCaName + coordinator.str().substr(0, kShownIdDigits);
  request.public_key = key->public_key;
  request.not_before = clock.wall() - kBackdating;
  request.not_after = clock.wall() + kCaLifetime;
  request.is_ca = true;
  request.path_length = 0;
  auto certificate = x509.issue(request, std::nullopt, key->private_key);
  if (!certificate) return certificate.error();
  domain::NodeIdentity identity;
  identity.private_key = std::move(key->private_key);
  identity.certificate = std::move(*certificate);
  return identity;
}

Result<void> check_given(ports::CertificateAuthority& x509, ports::Crypto& crypto,
                         const CertificateAuthority::Given& given) {
  auto certificate = crypto.parse_certificate(given.certificate);
  if (!certificate) return certificate.error();
  auto key = x509.public_key_of(given.private_key);
  if (!key) return key.error();
  if (*key != certificate->public_key) {
    return Error{Errc::invalid, "the CA's private key does not belong to its certificate"};
  }
  if (!certificate->is_ca) {
    return Error{Errc::invalid, "the certificate that was given as CA is none"};
  }
  return {};
}

}  // namespace

Result<CertificateAuthority> CertificateAuthority::open(store::RecordStore& store,
                                                        ports::CertificateAuthority& x509,
                                                        ports::Crypto& crypto, ports::Clock& clock,
                                                        const domain::CoordinatorId& coordinator,
                                                        std::optional<Given> given,
                                                        std::chrono::seconds gateway_lifetime) {
  auto record = store.read(store::kNode, store::Table::node, kCaRecordId);
  if (!record) return record.error();
  domain::NodeIdentity identity;
  if (*record) {
    auto stored = sync::decode<domain::NodeIdentity>((*record)->body);
    if (!stored) return stored.error();
    identity = std::move(*stored);
  } else {
    if (given) {
      if (auto fits = check_given(x509, crypto, *given); !fits) return fits.error();
      identity.private_key = std::move(given->private_key);
      identity.certificate = std::move(given->certificate);
    } else {
      auto made = make_identity(x509, clock, coordinator);
      if (!made) return made.error();
      identity = std::move(*made);
    }
    identity.node_id = coordinator.str();
    identity.ca_certificate = identity.certificate;
    store::Change change;
    change.table = store::Table::node;
    change.id = kCaRecordId;
    change.expected_version = 0;
    change.body = sync::encode(identity);
    store::ChangeSet set;
    set.tenant = store::kNode;
    set.changes.push_back(std::move(change));
    auto committed = store::commit_one(store, std::move(set));
    if (!committed) return committed.error();
  }
  auto parsed = crypto.parse_certificate(identity.certificate);
  if (!parsed) return parsed.error();
  return CertificateAuthority(x509, crypto, clock, gateway_lifetime, std::move(identity),
                              std::move(*parsed));
}

Bytes CertificateAuthority::fingerprint() const {
  return {parsed_.sha256.begin(), parsed_.sha256.end()};
}

Result<Bytes> CertificateAuthority::issue_gateway(const domain::GatewayId& gateway,
                                                  const Bytes& public_key) const {
  ports::CertificateRequest request;
  request.common_name = gateway.str();
  request.public_key = public_key;
  request.client_auth = true;
  return issue(std::move(request), gateway_lifetime_);
}

Result<Bytes> CertificateAuthority::issue_device_endpoint(const std::vector<std::string>& names,
                                                          const Bytes& public_key) const {
  return issue_server(names, public_key, gateway_lifetime_);
}

Result<Bytes> CertificateAuthority::issue_server(const std::vector<std::string>& names,
                                                 const Bytes& public_key,
                                                 std::chrono::seconds lifetime) const {
  if (names.empty() || names.size() > kMaxServerNames) {
    return Error{Errc::invalid,
                 "a server certificate has 1 to " + std::to_string(kMaxServerNames) + " names"};
  }
  ports::CertificateRequest request;
  request.common_name = names.front().substr(0, kMaxCommonName);
  request.public_key = public_key;
  request.server_auth = true;
  for (const auto& name : names) {
    (is_address(name) ? request.ip_addresses : request.dns_names).push_back(name);
  }
  return issue(std::move(request), lifetime);
}

Result<ports::TlsIdentity> CertificateAuthority::issue_service(
    const std::vector<std::string>& names) const {
  auto key = x509_->generate_p256();
  if (!key) return key.error();
  auto certificate = issue_server(names, key->public_key, kServerCertificateLifetime);
  if (!certificate) return certificate.error();
  ports::TlsIdentity identity;
  // The CA goes along: a gateway that joins finds what its token pins.
  identity.chain = {std::move(*certificate), identity_.certificate};
  identity.private_key = std::move(key->private_key);
  return identity;
}

Result<Bytes> CertificateAuthority::read_csr(ByteView csr) const {
  auto request = x509_->read_csr(csr);
  if (!request) return request.error();
  return std::move(request->public_key);
}

Result<Bytes> CertificateAuthority::sign(ByteView message) const {
  return crypto_->sign_p256(identity_.private_key, message);
}

Result<Bytes> CertificateAuthority::issue(ports::CertificateRequest request,
                                          std::chrono::seconds lifetime) const {
  const WallTime now = clock_->wall();
  // The holder renews when two thirds have passed: what lies in the past must not be most of it.
  const auto backdating = std::min<std::chrono::seconds>(kBackdating, lifetime);
  request.not_before = std::max<WallTime>(now - backdating, parsed_.not_before);
  request.not_after = std::min<WallTime>(now + lifetime, parsed_.not_after);
  return x509_->issue(request, identity_.certificate, identity_.private_key);
}

}  // namespace berth::coordinator
