// TLS whose handshake never ends: for what a gateway does with a peer that accepts the connection
// and then says nothing.
#pragma once

#include <memory>
#include <string>

#include "shared/ports/tls_engine.hpp"

namespace berth::testing {

class StalledEngine final : public ports::TlsEngine {
 public:
  void feed(ByteView) override {}
  Bytes take_output() override { return {}; }
  [[nodiscard]] bool has_output() const override { return false; }
  ports::TlsStatus handshake() override { return ports::TlsStatus::want_read; }
  ports::TlsStatus read(std::span<std::uint8_t>, std::size_t&) override {
    return ports::TlsStatus::want_read;
  }
  ports::TlsStatus write(ByteView, std::size_t&) override { return ports::TlsStatus::want_read; }
  void close() override {}
  [[nodiscard]] const ports::TlsPeer& peer() const override { return peer_; }
  [[nodiscard]] std::string failure() const override { return {}; }

 private:
  ports::TlsPeer peer_;
};

class StalledContext final : public ports::TlsContext {
 public:
  std::unique_ptr<ports::TlsEngine> new_engine(const std::string&) override {
    return std::make_unique<StalledEngine>();
  }
};

class StalledTls final : public ports::TlsLibrary {
 public:
  Result<std::unique_ptr<ports::TlsContext>> server(const ports::TlsServerSettings&) override {
    return std::unique_ptr<ports::TlsContext>(std::make_unique<StalledContext>());
  }
  Result<std::unique_ptr<ports::TlsContext>> client(const ports::TlsClientSettings&) override {
    return std::unique_ptr<ports::TlsContext>(std::make_unique<StalledContext>());
  }
};

}  // namespace berth::testing
