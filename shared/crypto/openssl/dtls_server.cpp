#include "shared/crypto/openssl/dtls_server.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "shared/crypto/openssl/dtls_identity.hpp"

namespace berth::crypto {
namespace {

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

class Server final : public DtlsServer {
 public:
  explicit Server(openssl::DtlsIdentity identity) : identity_(std::move(identity)) {}

  bool prepare(void* handshake) const override {
    auto* ssl = static_cast<SSL*>(handshake);
    SSL_CTX* context = SSL_get_SSL_CTX(ssl);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_cert_verify_callback(context, accept_any_chain, nullptr);
    SSL_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                             SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
    SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_set_max_cert_list(ssl, kMaxPresentedBytes);
    return identity_.present(ssl) && SSL_set_cipher_list(ssl, kCipherSuites) == 1;
  }

 private:
  openssl::DtlsIdentity identity_;
};

// Where a watched session tells, kept with it.
struct Watch {
  void (*told)(void*);
  void* of;
};

void free_watch(void*, void* watch, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Watch*>(watch);
}

int watch_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_watch);
  return index;
}

// Who is told of a session's end, kept with it.
struct End {
  std::function<void()> told;
};

void tell_end(void*, void* end, CRYPTO_EX_DATA*, int, long, void*) {
  const std::unique_ptr<End> ended(static_cast<End*>(end));
  if (ended) ended->told();
}

int end_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, tell_end);
  return index;
}

// A DTLS record's header (RFC 6347 section 4.1) is type, version, epoch, sequence number, length.
// All that a handshake sends in the clear is of epoch 0; what was sent in this session is not any
// more.
bool is_of_a_handshake(ByteView header) {
  constexpr std::size_t kEpoch = 3;
  return header.size() >= kEpoch + 2 && header[0] == SSL3_RT_HANDSHAKE && header[kEpoch] == 0 &&
         header[kEpoch + 1] == 0;
}

void on_record(int is_sent, int, int type, const void* bytes, std::size_t size, SSL* ssl, void*) {
  if (is_sent != 0 || type != SSL3_RT_HEADER) return;
  if (!is_of_a_handshake(ByteView(static_cast<const std::uint8_t*>(bytes), size))) return;
  const auto* watch = static_cast<const Watch*>(SSL_get_ex_data(ssl, watch_index()));
  if (watch != nullptr) watch->told(watch->of);
}

}  // namespace

Result<std::unique_ptr<DtlsServer>> make_dtls_server(const ports::TlsIdentity& identity) {
  auto read = openssl::DtlsIdentity::read(identity);
  if (!read) return read.error();
  return std::unique_ptr<DtlsServer>(std::make_unique<Server>(std::move(*read)));
}

std::vector<Bytes> presented_chain(void* ssl) {
  auto* session = static_cast<SSL*>(ssl);
  std::vector<Bytes> chain;
  const openssl::X509Handle leaf(SSL_get1_peer_certificate(session));
  if (!leaf) return chain;
  chain.push_back(openssl::der_of(leaf.get()));
  // On a server the chain stands without the leaf.
  const STACK_OF(X509)* rest = SSL_get_peer_cert_chain(session);
  for (int i = 0; i < sk_X509_num(rest); ++i)
    chain.push_back(openssl::der_of(sk_X509_value(rest, i)));
  return chain;
}

void watch_for_restart(void* ssl, void (*told)(void* of), void* of) {
  auto* session = static_cast<SSL*>(ssl);
  auto watch = std::make_unique<Watch>(Watch{told, of});
  if (SSL_set_ex_data(session, watch_index(), watch.get()) != 1) return;
  static_cast<void>(watch.release());  // the session's now
  SSL_set_msg_callback(session, on_record);
}

void at_end(void* ssl, std::function<void()> told) {
  auto* session = static_cast<SSL*>(ssl);
  tell_end(nullptr, SSL_get_ex_data(session, end_index()), nullptr, 0, 0, nullptr);
  auto end = std::make_unique<End>(End{std::move(told)});
  if (SSL_set_ex_data(session, end_index(), end.get()) == 1) static_cast<void>(end.release());
}

void fall_silent(void* ssl) {
  SSL_set0_wbio(static_cast<SSL*>(ssl), BIO_new(BIO_s_null()));
}

void* owner_of(void* ssl) {
  return SSL_get_app_data(static_cast<SSL*>(ssl));
}

}  // namespace berth::crypto
