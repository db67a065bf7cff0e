// The TLS port: TLS 1.2 and 1.3 without sockets. Ciphertext is fed in and taken out; one Asio
// stream (shared/runtime/tls_stream) drives any implementation.
//
// Rules for every implementation (device API section 5, design 3.2 and 8):
//  - a server asks for a client certificate and goes on without one; any issuer and any validity is
//    accepted during the handshake, the chain is judged later, per registration ID; but a client
//    whose key does not match its certificate MUST fail the handshake. A certificate that does not
//    parse, or has a critical extension that the library does not know, fails it too;
//  - the peer's whole chain is kept, leaf first;
//  - session resumption is off: a resumed session would not show the chain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"

namespace berth::ports {

enum class TlsStatus : std::uint8_t {
  done,       // the step is complete
  want_read,  // feed more ciphertext (after sending what take_output() gives)
  closed,     // the peer said close_notify
  failed,     // see failure(); send what take_output() gives (the alert), then close
};

struct TlsPeer {
  std::vector<Bytes> chain;  // DER, leaf first; empty if the peer sent no certificate
  std::string server_name;   // SNI, as a server saw it; empty if there was none
  std::string alpn;          // the protocol agreed on; empty if none
  std::string version;       // "TLSv1.3"
};

// One connection. Not thread-safe; one owner.
class TlsEngine {
 public:
  virtual ~TlsEngine() = default;

  // Received ciphertext. Implementations copy it.
  virtual void feed(ByteView ciphertext) = 0;
  // Ciphertext to send; empties the engine's buffer.
  [[nodiscard]] virtual Bytes take_output() = 0;
  [[nodiscard]] virtual bool has_output() const = 0;

  virtual TlsStatus handshake() = 0;
  // On done, `count` bytes (at least one) are in `into`.
  virtual TlsStatus read(std::span<std::uint8_t> into, std::size_t& count) = 0;
  // On done, `count` bytes of `from` were taken.
  virtual TlsStatus write(ByteView from, std::size_t& count) = 0;
  // Queues close_notify.
  virtual void close() = 0;

  // Valid after the handshake.
  [[nodiscard]] virtual const TlsPeer& peer() const = 0;
  // One plain sentence, after `failed`.
  [[nodiscard]] virtual std::string failure() const = 0;
};

// A certificate with its chain and key, as a side of a connection presents it.
struct TlsIdentity {
  std::vector<Bytes> chain;  // DER, leaf first
  SecretBytes private_key;   // DER PKCS#8
};

// What a server presents to clients that ask for one of its names (SNI, RFC 6066 section 3).
struct TlsNamedIdentity {
  std::vector<std::string> names;  // compared without regard to case
  TlsIdentity identity;
};

struct TlsServerSettings {
  TlsIdentity identity;  // for clients that ask for no name, or for one that is not below
  std::vector<TlsNamedIdentity> named = {};
  bool request_client_certificate = true;
  bool tls13_only = false;
  // In order of preference; empty: ALPN is ignored. A client that offers none of them is refused,
  // one without ALPN is not (RFC 7301 section 3.2).
  std::vector<std::string> alpn;
};

struct TlsClientSettings {
  std::vector<Bytes> trusted;  // DER; the only anchors. Never the system's store.
  TlsIdentity identity;        // empty chain: no client certificate
  bool tls13_only = false;
  std::vector<std::string> alpn;
  // Accepts any server certificate; what the chain is worth is then for the caller to decide from
  // TlsEngine::peer(). Used only for joining, where the token pins the CA.
  bool accept_any_server = false;
};

// Settings that many connections share. Safe to use from several threads; outlives its engines.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
  // `server_name` is for clients: sent as SNI unless it is an IP address, and checked against the
  // server's certificate (RFC 6125), names and addresses alike.
  [[nodiscard]] virtual std::unique_ptr<TlsEngine> new_engine(const std::string& server_name) = 0;
};

class TlsLibrary {
 public:
  virtual ~TlsLibrary() = default;
  // Errc::malformed if a certificate or key does not parse, Errc::invalid if they don't belong
  // together.
  [[nodiscard]] virtual Result<std::unique_ptr<TlsContext>> server(
      const TlsServerSettings& settings) = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<TlsContext>> client(
      const TlsClientSettings& settings) = 0;
};

}  // namespace berth::ports
