// Two ends of a TLS connection and what lies between them: bytes are carried until neither end has
// more to say.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/ports/tls_engine.hpp"

namespace berth::testing {

struct TlsPair {
  std::unique_ptr<ports::TlsEngine> server;
  std::unique_ptr<ports::TlsEngine> client;

  // Steps both ends until each is done or has failed; true if both are done. In TLS 1.3 a client is
  // done before the server has judged it, so the client then reads once for the server's alert.
  [[nodiscard]] bool handshake();
  // As handshake(), with the ciphertext carried in pieces of this size.
  [[nodiscard]] bool handshake_in_pieces(std::size_t size);

  // Writes all of `data` at one end and reads it at the other; what arrived.
  [[nodiscard]] static Bytes transfer(ports::TlsEngine& from, ports::TlsEngine& to, ByteView data);
};

}  // namespace berth::testing
