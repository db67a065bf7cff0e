// A TLS connection over TCP: any ports::TlsEngine driven over a socket. One reader and one writer
// at a time, all on the socket's executor. Every operation has a deadline and ends with
// Errc::timed_out when it expires. After an expired read the stream can still be written to (an
// answer to a slow peer); after any other expiry the socket is closed.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/runtime/reach.hpp"
#include "shared/runtime/task.hpp"

namespace berth::runtime {

class TlsStream {
 public:
  TlsStream(boost::asio::ip::tcp::socket socket, std::unique_ptr<ports::TlsEngine> engine);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  [[nodiscard]] Task<Result<void>> handshake(std::chrono::milliseconds timeout);
  // At least one byte, at most into.size(); 0 when the peer closed in order.
  [[nodiscard]] Task<Result<std::size_t>> read_some(std::span<std::uint8_t> into,
                                                    std::chrono::milliseconds timeout);
  [[nodiscard]] Task<Result<void>> write_all(ByteView bytes, std::chrono::milliseconds timeout);
  // Says close_notify, briefly, and closes. Safe to call again.
  [[nodiscard]] Task<void> close();
  // The same, for when the peer may still be sending: a socket closed with unread bytes resets the
  // connection, and the reset overtakes what was written last. So it reads on, for a moment.
  [[nodiscard]] Task<void> linger_and_close();
  // Closes the socket at once; pending operations end with Errc::unavailable. Call it on the
  // stream's executor.
  void abort();

  // The peer has proved who it is, as the protocol on top found out: tells whoever accepted the
  // connection.
  void vouch();
  void on_vouched(std::function<void()> heard);

  [[nodiscard]] const ports::TlsPeer& peer() const;
  [[nodiscard]] std::string remote_address() const;  // "192.0.2.7" or "2001:db8::7"
  // Who is behind the address as far as fairness goes: an IPv4 address, or the /64 that one IPv6
  // host has to itself.
  [[nodiscard]] std::string remote_network() const;
  [[nodiscard]] std::uint16_t remote_port() const;
  [[nodiscard]] std::string local_address() const;
  [[nodiscard]] boost::asio::any_io_executor executor() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Resolves and connects within `timeout`, and shakes hands. `host` is a name or an address ("::1",
// without brackets), checked against the server's certificate.
[[nodiscard]] Task<Result<std::unique_ptr<TlsStream>>> connect_tls(
    boost::asio::any_io_executor executor, std::string host, std::uint16_t port,
    std::shared_ptr<ports::TlsContext> context, std::chrono::milliseconds timeout,
    Reach reach = Reach::anywhere());

}  // namespace berth::runtime
