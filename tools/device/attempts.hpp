// Makes the registration attempts of a fleet out of what the command line says. What is the same
// for all devices, files above all, is read once.
#pragma once

#include <memory>

#include "shared/base/result.hpp"
#include "shared/ports/certificate_authority.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/runtime/system.hpp"
#include "tools/device/options.hpp"

namespace berth::device {

// What dev.json says stands in for --host, the ports, --id-scope and --ca-file.
[[nodiscard]] Result<void> read_dev_file(RegisterOptions& options);

// A certificate and key that a device could have got from the factory's CA.
[[nodiscard]] Result<ports::TlsIdentity> issue_identity(ports::CertificateAuthority& authority,
                                                        const ports::TlsIdentity& issuer,
                                                        const std::string& common_name,
                                                        WallTime now);

class Attempts {
 public:
  struct Services {
    ports::Crypto& crypto;
    ports::TlsLibrary& tls;
    ports::CertificateAuthority& authority;
  };
  // Errc::io or malformed, with the file or the option in the reason. `options` outlives it.
  static Result<Attempts> make(const RegisterOptions& options, const Services& services);

  // The attempt of device `index`.
  Result<Attempt> operator()(std::size_t index);

 private:
  Attempts(const RegisterOptions& options, const Services& services)
      : options_(&options), services_(services) {}
  Result<void> read_identity();

  const RegisterOptions* options_;
  Services services_;
  runtime::SystemClock clock_;
  Endpoint endpoint_;
  SecretBytes key_;
  std::shared_ptr<Tpm> tpm_;
  std::string tpm_registration_id_;
  ports::TlsIdentity own_;
  ports::TlsIdentity issuer_;
  std::shared_ptr<ports::TlsContext> context_;
};

}  // namespace berth::device
