// Connections as devices make them, but to any server: for comparing what a registration costs with
// what other servers pay for the same handshake (tools/bench).
#pragma once

#include <cstdint>
#include <string>

#include "shared/base/result.hpp"

namespace berth::device {

inline constexpr std::size_t kMaxIdentities = 1000;

struct ConnectOptions {
  std::string protocol = "https";
  std::string host = "localhost";
  std::uint16_t port = 443;
  std::string path = "/";
  std::string ca_file;
  std::string issuer_file;
  std::string issuer_key_file;
  std::size_t count = 1000;
  std::size_t concurrency = 16;
  std::size_t identities = 100;
};

struct ConnectReport {
  std::size_t failed = 0;
  std::string first_failure;
  std::string line;  // JSON
};

[[nodiscard]] Result<ConnectReport> run_connections(const ConnectOptions& options);

}  // namespace berth::device
