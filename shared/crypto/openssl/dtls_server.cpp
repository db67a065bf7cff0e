#include "shared/crypto/openssl/dtls_server.hpp"

#include <utility>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "shared/crypto/openssl/handle.hpp"
#include "shared/crypto/openssl/private_key.hpp"

namespace berth::crypto {
namespace {

using openssl::Handle;

using Certificate = Handle<X509, X509_free>;

// In the order of preference. The last of each kind is what RFC 7252 section 9.1.3 asks for.
constexpr const char* kCipherSuites =
    "ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES128-CBC-SHA256:PSK-AES128-GCM-SHA256:"
    "PSK-AES128-CCM8:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES128-CCM8";

// A chain as long as attestation takes one (shared/domain/attestation/evidence), and no more.
constexpr long kMaxPresentedBytes = 8L * 16 * 1024;

// What the chain is worth is judged later, per registration.
int accept_any_chain(X509_STORE_CTX*, void*) {
  return 1;
}

Result<Certificate> read_certificate(ByteView der) {
  const unsigned char* at = der.data();
  Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size()) {
    return openssl::failure(Errc::malformed, "a certificate does not parse");
  }
  return certificate;
}

Bytes der_of(X509* certificate) {
  return openssl::encoded(
      [certificate](unsigned char** into) { return i2d_X509(certificate, into); });
}

class Server final : public DtlsServer {
 public:
  Server(std::vector<Certificate> chain, openssl::Key key)
      : chain_(std::move(chain)), key_(std::move(key)) {}

  bool prepare(void* handshake) const override {
    auto* ssl = static_cast<SSL*>(handshake);
    SSL_CTX* context = SSL_get_SSL_CTX(ssl);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_cert_verify_callback(context, accept_any_chain, nullptr);
    SSL_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                             SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
    SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_set_max_cert_list(ssl, kMaxPresentedBytes);
    bool prepared = SSL_set_cipher_list(ssl, kCipherSuites) == 1 &&
                    SSL_use_certificate(ssl, chain_.front().get()) == 1 &&
                    SSL_use_PrivateKey(ssl, key_.get()) == 1;
    for (std::size_t i = 1; i < chain_.size(); ++i) {
      prepared = prepared && SSL_add1_chain_cert(ssl, chain_[i].get()) == 1;
    }
    ERR_clear_error();
    return prepared;
  }

 private:
  std::vector<Certificate> chain_;
  openssl::Key key_;
};

}  // namespace

Result<std::unique_ptr<DtlsServer>> make_dtls_server(const ports::TlsIdentity& identity) {
  if (identity.chain.empty()) return Error{Errc::invalid, "a DTLS server needs a certificate"};
  std::vector<Certificate> chain;
  for (const Bytes& der : identity.chain) {
    auto certificate = read_certificate(der);
    if (!certificate) return certificate.error();
    chain.push_back(std::move(*certificate));
  }
  auto key = openssl::read_private_key(identity.private_key.reveal());
  if (!key) return key.error();
  if (X509_check_private_key(chain.front().get(), key->get()) != 1) {
    return openssl::failure(Errc::invalid, "the private key is not the certificate's");
  }
  return std::unique_ptr<DtlsServer>(std::make_unique<Server>(std::move(chain), std::move(*key)));
}

std::vector<Bytes> presented_chain(void* ssl) {
  auto* session = static_cast<SSL*>(ssl);
  std::vector<Bytes> chain;
  const Certificate leaf(SSL_get1_peer_certificate(session));
  if (!leaf) return chain;
  chain.push_back(der_of(leaf.get()));
  // On a server the chain stands without the leaf.
  const STACK_OF(X509)* rest = SSL_get_peer_cert_chain(session);
  for (int i = 0; i < sk_X509_num(rest); ++i) chain.push_back(der_of(sk_X509_value(rest, i)));
  return chain;
}

}  // namespace berth::crypto
