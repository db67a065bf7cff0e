// A TlsLibrary without TLS: for suites that test what goes over a connection. It remembers what
// clients were to trust.
#pragma once

#include <memory>
#include <vector>

#include "shared/ports/tls_engine.hpp"
#include "shared/runtime/plain_engine.hpp"

namespace berth::testing {

class PlainTls final : public ports::TlsLibrary {
 public:
  Result<std::unique_ptr<ports::TlsContext>> server(const ports::TlsServerSettings&) override {
    return runtime::make_plain_context();
  }
  Result<std::unique_ptr<ports::TlsContext>> client(
      const ports::TlsClientSettings& settings) override {
    trusted.push_back(settings.trusted);
    return runtime::make_plain_context();
  }

  std::vector<std::vector<Bytes>> trusted;
};

}  // namespace berth::testing
