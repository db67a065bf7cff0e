#include "tests/conformance/crypto/tls_pair.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

namespace berth::testing {

namespace {

using ports::TlsEngine;
using ports::TlsStatus;

// No handshake takes more turns than this, unless it hangs.
constexpr int kMaxTurns = 20'000;

bool carry(TlsEngine& from, TlsEngine& to, std::size_t piece, Bytes& queue) {
  append(queue, from.take_output());
  if (queue.empty()) return false;
  const std::size_t count = std::min(piece, queue.size());
  to.feed(ByteView(queue).first(count));
  queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(count));
  return true;
}

bool run(TlsEngine& server, TlsEngine& client, std::size_t piece) {
  Bytes to_server;
  Bytes to_client;
  TlsStatus server_status = TlsStatus::want_read;
  TlsStatus client_status = TlsStatus::want_read;
  for (int turn = 0; turn < kMaxTurns; ++turn) {
    if (client_status == TlsStatus::want_read) client_status = client.handshake();
    bool moved = carry(client, server, piece, to_server);
    if (server_status == TlsStatus::want_read) server_status = server.handshake();
    moved = carry(server, client, piece, to_client) || moved;
    if (!moved) break;
  }
  if (client_status == TlsStatus::done && server_status != TlsStatus::done) {
    std::array<std::uint8_t, 1> nothing{};
    std::size_t count = 0;
    static_cast<void>(client.read(nothing, count));
  }
  return server_status == TlsStatus::done && client_status == TlsStatus::done;
}

}  // namespace

bool TlsPair::handshake() {
  return run(*server, *client, std::numeric_limits<std::size_t>::max());
}

bool TlsPair::handshake_in_pieces(std::size_t size) {
  return run(*server, *client, size);
}

Bytes TlsPair::transfer(TlsEngine& from, TlsEngine& to, ByteView data) {
  Bytes arrived;
  std::array<std::uint8_t, 4096> buffer{};
  for (std::size_t sent = 0; sent < data.size();) {
    std::size_t count = 0;
    if (from.write(data.subspan(sent), count) != TlsStatus::done || count == 0) break;
    sent += count;
    to.feed(from.take_output());
    while (to.read(buffer, count) == TlsStatus::done) {
      append(arrived, std::span(buffer).first(count));
    }
  }
  return arrived;
}

}  // namespace berth::testing
