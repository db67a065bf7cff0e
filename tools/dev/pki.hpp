// The one CA of a development installation and the certificates that it signs, as PEM files below
// the installation's folder. Made once; a second start reuses them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/ports/certificate_authority.hpp"
#include "shared/ports/clock.hpp"

namespace berth::dev {

struct CertificateFiles {
  std::filesystem::path certificate;  // leaf and CA
  std::filesystem::path private_key;  // mode 0600
};

class DevPki {
 public:
  // Loads DIR/ca.pem and DIR/ca.key, or makes them.
  static Result<DevPki> open(const std::filesystem::path& dir,
                             ports::CertificateAuthority& authority, const ports::Clock& clock);

  // DIR/NAME.pem and DIR/NAME.key for a server of these names and addresses. A certificate made
  // before is kept.
  Result<CertificateFiles> server(const std::string& name,
                                  const std::vector<std::string>& dns_names,
                                  const std::vector<std::string>& ip_addresses);

  [[nodiscard]] CertificateFiles ca() const { return ca_; }
  [[nodiscard]] const Bytes& ca_certificate() const { return ca_certificate_; }

 private:
  DevPki(std::filesystem::path dir, ports::CertificateAuthority& authority,
         const ports::Clock& clock)
      : dir_(std::move(dir)), authority_(&authority), clock_(&clock) {}

  std::filesystem::path dir_;
  ports::CertificateAuthority* authority_;
  const ports::Clock* clock_;
  CertificateFiles ca_;
  Bytes ca_certificate_;
  SecretBytes ca_key_;
};

}  // namespace berth::dev
