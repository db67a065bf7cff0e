// Two ends of a TCP connection on 127.0.0.1, and a peer that speaks raw bytes.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "shared/runtime/plain_engine.hpp"
#include "shared/runtime/task.hpp"
#include "shared/runtime/tls_stream.hpp"
#include "tests/support/loop.hpp"

namespace berth::testing {

inline constexpr std::chrono::seconds kPatience{30};

using boost::asio::ip::tcp;

inline std::pair<tcp::socket, tcp::socket> connected_pair(const boost::asio::any_io_executor& on) {
  tcp::acceptor acceptor(on, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  tcp::socket client(on);
  client.connect(acceptor.local_endpoint());
  return {std::move(client), acceptor.accept()};
}

inline std::unique_ptr<runtime::TlsStream> plain_stream(tcp::socket socket) {
  return std::make_unique<runtime::TlsStream>(std::move(socket),
                                              runtime::make_plain_context()->new_engine(""));
}

inline tcp::socket connect_to(const boost::asio::any_io_executor& on, std::uint16_t port) {
  tcp::socket client(on);
  client.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), port));
  return client;
}

// Sends `text` and gives all that comes back until the other side closes.
inline runtime::Task<std::string> converse(tcp::socket& socket, std::string text) {
  constexpr auto kToken =
      boost::asio::as_tuple(boost::asio::use_awaitable_t<boost::asio::any_io_executor>{});
  co_await boost::asio::async_write(socket, boost::asio::buffer(text), kToken);
  std::string all;
  std::array<char, 4096> chunk{};
  for (;;) {
    const auto [error, count] = co_await socket.async_read_some(boost::asio::buffer(chunk), kToken);
    if (error) co_return all;
    all.append(chunk.data(), count);
  }
}

// Sends `text` and gives what comes back up to and including `mark`.
inline runtime::Task<std::string> ask(tcp::socket& socket, std::string text, std::string mark) {
  constexpr auto kToken =
      boost::asio::as_tuple(boost::asio::use_awaitable_t<boost::asio::any_io_executor>{});
  co_await boost::asio::async_write(socket, boost::asio::buffer(text), kToken);
  std::string all;
  while (all.find(mark) == std::string::npos) {
    std::array<char, 1> byte{};
    const auto [error, count] = co_await socket.async_read_some(boost::asio::buffer(byte), kToken);
    if (error) co_return all + "<closed>";
    all.append(byte.data(), count);
  }
  co_return all;
}

}  // namespace berth::testing
