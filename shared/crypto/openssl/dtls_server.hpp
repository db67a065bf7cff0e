// What a DTLS server says and asks for in its handshakes, where another library (libcoap) runs them
// on OpenSSL. The same rules as for TLS (shared/ports/tls_engine): any issuer and any validity is
// accepted, the client's key must match its certificate, the whole chain is kept, sessions are not
// resumed.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/ports/tls_engine.hpp"

namespace berth::crypto {

class DtlsServer {
 public:
  virtual ~DtlsServer() = default;

  // Prepares one handshake, before the ClientHello is answered. `ssl` is an OpenSSL `SSL*`, named
  // without its type so that only this room includes OpenSSL. False: let it fail.
  [[nodiscard]] virtual bool prepare(void* ssl) const = 0;
};

// Pre-shared keys are preferred over certificates where a client offers both, and those with
// forward secrecy over the rest: ECDHE_PSK with CHACHA20-POLY1305 first (RFC 7905). A client
// without a pre-shared key must show a certificate. Errc::malformed if a certificate or the key
// does not parse, Errc::invalid if they don't belong together.
[[nodiscard]] Result<std::unique_ptr<DtlsServer>> make_dtls_server(
    const ports::TlsIdentity& identity);

// The client's chain after the handshake: DER, leaf first; empty if it used a pre-shared key.
[[nodiscard]] std::vector<Bytes> presented_chain(void* ssl);

// Tells of every sign that the other side of an established session begins anew, as a device does
// that was restarted and has its port again (RFC 6347 section 4.2.8): a handshake's record in the
// clear. It may also be a late one of the handshake before, and anybody can send one.
void watch_for_restart(void* ssl, void (*told)(void* of), void* of);

// Calls `told` once, when `ssl` is freed: then there is nothing of the handshake or session any
// more. What was set before is told now.
void at_end(void* ssl, std::function<void()> told);

// Nothing more is sent over `ssl`: who began this handshake hears nothing, as if its datagram were
// lost, and will repeat it (RFC 6347 section 4.2.4).
void fall_silent(void* ssl);

// What the library that made `ssl` keeps there as its own (SSL_get_app_data): with libcoap 4.3 the
// session.
[[nodiscard]] void* owner_of(void* ssl);

}  // namespace berth::crypto
