#include "shared/crypto/openssl/dtls_client.hpp"

#include <optional>
#include <utility>

#include <openssl/x509v3.h>

#include "shared/crypto/openssl/dtls_identity.hpp"

namespace berth::crypto {
namespace {

using Store = openssl::Handle<X509_STORE, X509_STORE_free>;

class Client final : public DtlsClient {
 public:
  Client(Store trusted, std::optional<openssl::DtlsIdentity> identity, std::string server_name)
      : trusted_(std::move(trusted)),
        identity_(std::move(identity)),
        server_name_(std::move(server_name)) {}

  bool prepare(void* handshake) const override {
    auto* ssl = static_cast<SSL*>(handshake);
    X509_VERIFY_PARAM* judged = SSL_get0_param(ssl);
    SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
    const bool named = X509_VERIFY_PARAM_set1_ip_asc(judged, server_name_.c_str()) == 1 ||
                       X509_VERIFY_PARAM_set1_host(judged, server_name_.c_str(), 0) == 1;
    ERR_clear_error();
    return named && SSL_set1_verify_cert_store(ssl, trusted_.get()) == 1 &&
           (!identity_ || identity_->present(ssl));
  }

 private:
  Store trusted_;
  std::optional<openssl::DtlsIdentity> identity_;
  std::string server_name_;
};

}  // namespace

Result<std::unique_ptr<DtlsClient>> make_dtls_client(const ports::TlsClientSettings& settings,
                                                     const std::string& server_name) {
  Store trusted(X509_STORE_new());
  if (!trusted) return openssl::failure(Errc::internal, "no certificate store");
  for (const Bytes& der : settings.trusted) {
    const auto certificate = openssl::read_x509(der);
    if (!certificate) return certificate.error();
    if (X509_STORE_add_cert(trusted.get(), certificate->get()) != 1) {
      return openssl::failure(Errc::malformed, "a trusted certificate is none");
    }
  }
  std::optional<openssl::DtlsIdentity> identity;
  if (!settings.identity.chain.empty()) {
    auto read = openssl::DtlsIdentity::read(settings.identity);
    if (!read) return read.error();
    identity.emplace(std::move(*read));
  }
  return std::unique_ptr<DtlsClient>(
      std::make_unique<Client>(std::move(trusted), std::move(identity), server_name));
}

}  // namespace berth::crypto
