// What a DTLS client with a certificate says and asks for in its handshakes, where another library
// (libcoap) runs them on OpenSSL: the whole chain is sent, and the server is judged by given
// anchors and by its name, never by the system's store (shared/ports/tls_engine).
#pragma once

#include <memory>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/ports/tls_engine.hpp"

namespace berth::crypto {

class DtlsClient {
 public:
  virtual ~DtlsClient() = default;
  // Prepares one handshake before it starts. `ssl` is an OpenSSL `SSL*`. False: let it fail.
  [[nodiscard]] virtual bool prepare(void* ssl) const = 0;
};

// Errc::malformed if a certificate or the key does not parse, Errc::invalid if they don't belong
// together. `server_name` is a host name or an IP address.
[[nodiscard]] Result<std::unique_ptr<DtlsClient>> make_dtls_client(
    const ports::TlsClientSettings& settings, const std::string& server_name);

}  // namespace berth::crypto
