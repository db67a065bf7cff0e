// CoAP and CoAPS for devices (docs/protocols/coap.md): libcoap with its DTLS, in a thread of its
// own, since one of its contexts is for one thread and keeps all sessions. A request goes to the
// shard that owns its device, as those of the other protocols do, and the answer comes back here.
//
// CoAPS is where devices register. Plain CoAP only says where that is (RFC 6690).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/core/limits.hpp"
#include "gateway/core/ports/cache.hpp"
#include "gateway/linux/shards.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/protocol/device/body.hpp"
#include "shared/runtime/log.hpp"

namespace berth::gateway {

class CoapEndpoint {
 public:
  struct Settings {
    std::vector<std::string> addresses;
    std::uint16_t coap_port = 5683;
    std::uint16_t coaps_port = 5684;
    std::string host;  // what discovery tells devices to connect to; empty: the address they asked
    // Of all addresses together.
    std::size_t max_sessions = kMaxCoapSessions;
    std::size_t max_handshakes = kMaxCoapHandshakes;  // two of each address at least
    int handshake_burst = kCoapHandshakeBurst;        // of one device's address
    std::size_t max_addresses = kMaxCountedAddresses;
    std::chrono::seconds session_idle = kCoapSessionIdle;
  };
  struct Services {
    Shards& shards;
    std::unique_ptr<Cache> cache;  // this thread's own view of the records
    protocol::BodyCodec& json;
    ports::Crypto& crypto;
    ports::Clock& clock;
    ports::Entropy& entropy;
    runtime::Log& log;
  };

  // Binds every address. Ports that were free to choose are chosen once for all addresses.
  [[nodiscard]] static Result<std::unique_ptr<CoapEndpoint>> bind(
      const Settings& settings, Services services, const ports::TlsIdentity& identity);
  virtual ~CoapEndpoint() = default;

  virtual void start() = 0;
  // Ends the thread and lets every session go. Requests that shards still have are theirs to
  // answer.
  virtual void stop() = 0;
  // After stop() of this and of the shards, on the caller's thread: ends what waited for answers.
  virtual void settle() = 0;

  // From any thread; handshakes that are under way end as they began. Errc::malformed or invalid if
  // the identity is not one; the one before stays.
  virtual Result<void> replace_identity(const ports::TlsIdentity& identity) = 0;

  [[nodiscard]] virtual std::uint16_t coap_port() const = 0;
  [[nodiscard]] virtual std::uint16_t coaps_port() const = 0;
};

}  // namespace berth::gateway
