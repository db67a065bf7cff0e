#include "tools/dev/pki.hpp"

#include <chrono>
#include <utility>

#include "shared/crypto/pem.hpp"
#include "shared/crypto/pem_files.hpp"
#include "tools/dev/files.hpp"

namespace berth::dev {
namespace {

// Long enough that nobody meets its end in development, short enough for every TLS library.
constexpr std::chrono::hours kValidity{24 * 3650};
constexpr std::chrono::hours kBackdate{1};

}  // namespace

Result<DevPki> DevPki::open(const std::filesystem::path& dir,
                            ports::CertificateAuthority& authority, const ports::Clock& clock) {
  DevPki pki(dir, authority, clock);
  pki.ca_ = {dir / "ca.pem", dir / "ca.key"};
  if (std::filesystem::exists(pki.ca_.certificate)) {
    auto chain = crypto::read_certificate_file(pki.ca_.certificate.string());
    if (!chain) return chain.error();
    auto private_key = crypto::read_private_key_file(pki.ca_.private_key.string());
    if (!private_key) return private_key.error();
    pki.ca_certificate_ = chain->front();
    pki.ca_key_ = std::move(*private_key);
    return pki;
  }
  auto pair = authority.generate_p256();
  if (!pair) return pair.error();
  ports::CertificateRequest request;
  request.common_name = "Berth development CA";
  request.public_key = pair->public_key;
  request.not_before = clock.wall() - kBackdate;
  request.not_after = clock.wall() + kValidity;
  request.is_ca = true;
  auto certificate = authority.issue(request, std::nullopt, pair->private_key);
  if (!certificate) return certificate.error();
  const auto key =
      write_file(pki.ca_.private_key, crypto::write_pem("PRIVATE KEY", pair->private_key.reveal()),
                 FileMode::owner_only);
  if (!key) return key.error();
  const auto written = write_file(
      pki.ca_.certificate, crypto::write_pem("CERTIFICATE", *certificate), FileMode::readable);
  if (!written) return written.error();
  pki.ca_certificate_ = std::move(*certificate);
  pki.ca_key_ = std::move(pair->private_key);
  return pki;
}

Result<CertificateFiles> DevPki::server(const std::string& name,
                                        const std::vector<std::string>& dns_names,
                                        const std::vector<std::string>& ip_addresses) {
  CertificateFiles files{dir_ / (name + ".pem"), dir_ / (name + ".key")};
  if (std::filesystem::exists(files.certificate)) return files;
  const auto pair = authority_->generate_p256();
  if (!pair) return pair.error();
  ports::CertificateRequest request;
  request.common_name = name;
  request.public_key = pair->public_key;
  request.not_before = clock_->wall() - kBackdate;
  request.not_after = clock_->wall() + kValidity;
  request.server_auth = true;
  request.dns_names = dns_names;
  request.ip_addresses = ip_addresses;
  const auto certificate = authority_->issue(request, ca_certificate_, ca_key_);
  if (!certificate) return certificate.error();
  const auto key =
      write_file(files.private_key, crypto::write_pem("PRIVATE KEY", pair->private_key.reveal()),
                 FileMode::owner_only);
  if (!key) return key.error();
  const auto written = write_file(files.certificate,
                                  crypto::write_pem("CERTIFICATE", *certificate) +
                                      crypto::write_pem("CERTIFICATE", ca_certificate_),
                                  FileMode::readable);
  if (!written) return written.error();
  return files;
}

}  // namespace berth::dev
