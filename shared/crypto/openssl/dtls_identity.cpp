#include "shared/crypto/openssl/dtls_identity.hpp"

#include <utility>

namespace berth::crypto::openssl {

Result<X509Handle> read_x509(ByteView der) {
  const unsigned char* at = der.data();
  X509Handle certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size()) {
    return failure(Errc::malformed, "a certificate does not parse");
  }
  return certificate;
}

Bytes der_of(X509* certificate) {
  return encoded([certificate](unsigned char** into) { return i2d_X509(certificate, into); });
}

Result<DtlsIdentity> DtlsIdentity::read(const ports::TlsIdentity& identity) {
  if (identity.chain.empty()) return Error{Errc::invalid, "no certificate"};
  std::vector<X509Handle> chain;
  for (const Bytes& der : identity.chain) {
    auto certificate = read_x509(der);
    if (!certificate) return certificate.error();
    chain.push_back(std::move(*certificate));
  }
  auto key = read_private_key(identity.private_key.reveal());
  if (!key) return key.error();
  if (X509_check_private_key(chain.front().get(), key->get()) != 1) {
    return failure(Errc::invalid, "the private key is not the certificate's");
  }
  return DtlsIdentity(std::move(chain), std::move(*key));
}

bool DtlsIdentity::present(SSL* ssl) const {
  bool done = SSL_use_certificate(ssl, chain_.front().get()) == 1 &&
              SSL_use_PrivateKey(ssl, key_.get()) == 1;
  for (std::size_t i = 1; i < chain_.size(); ++i) {
    done = done && SSL_add1_chain_cert(ssl, chain_[i].get()) == 1;
  }
  ERR_clear_error();
  return done;
}

}  // namespace berth::crypto::openssl
