// One side's certificate, chain and key, as both ends of DTLS need them.
#pragma once

#include <vector>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "shared/crypto/openssl/handle.hpp"
#include "shared/crypto/openssl/private_key.hpp"
#include "shared/ports/tls_engine.hpp"

namespace berth::crypto::openssl {

using X509Handle = Handle<X509, X509_free>;

[[nodiscard]] Result<X509Handle> read_x509(ByteView der);
[[nodiscard]] Bytes der_of(X509* certificate);

class DtlsIdentity {
 public:
  // Errc::malformed if something does not parse, Errc::invalid if key and certificate don't belong
  // together or there is no certificate.
  static Result<DtlsIdentity> read(const ports::TlsIdentity& identity);
  // Presents it in that handshake.
  [[nodiscard]] bool present(SSL* ssl) const;

 private:
  DtlsIdentity(std::vector<X509Handle> chain, Key key)
      : chain_(std::move(chain)), key_(std::move(key)) {}
  std::vector<X509Handle> chain_;  // leaf first
  Key key_;
};

}  // namespace berth::crypto::openssl
