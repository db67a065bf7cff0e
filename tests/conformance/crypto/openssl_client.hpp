// An independent TLS client, on OpenSSL with memory BIOs. It can do what our own engines refuse to:
// present a key that is not its certificate's, keep to one TLS version, try to resume.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/ports/tls_engine.hpp"

namespace berth::testing {

class OpensslClient {
 public:
  struct Options {
    bool tls13 = false;  // this version and no other
    std::vector<Bytes> chain = {};
    SecretBytes private_key = {};
  };

  explicit OpensslClient(const Options& options);
  ~OpensslClient();
  OpensslClient(const OpensslClient&) = delete;
  OpensslClient& operator=(const OpensslClient&) = delete;

  // Runs a handshake and a byte each way, so that tickets would have come; true if both ends are
  // content. Every call is a new connection; the session of the one before is offered.
  [[nodiscard]] bool connect(ports::TlsEngine& server);
  [[nodiscard]] bool resumed() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace berth::testing
