#include "tools/dev/relay.hpp"

#include <array>

#include <CppUTest/TestHarness.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "tests/support/loop.hpp"

using namespace berth;
using namespace berth::testing;
using boost::asio::ip::tcp;

namespace {

constexpr auto kToken =
    boost::asio::as_tuple(boost::asio::use_awaitable_t<boost::asio::any_io_executor>{});

}  // namespace

// The far end is a listener of the test, the near end a client of the relay.
TEST_GROUP(Relay) {
  Loop loop_;
  std::unique_ptr<tcp::acceptor> far_;
  std::unique_ptr<dev::Relay> relay_;

  void setup() override {
    far_ = std::make_unique<tcp::acceptor>(
        loop_.io(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    relay_ =
        dev::Relay::start(loop_.executor(), "127.0.0.1", far_->local_endpoint().port()).value();
  }
  void teardown() override {
    relay_->stop();
    far_->close();
    loop_.drain();
  }

  tcp::socket connect() {
    tcp::socket near(loop_.io());
    near.connect(tcp::endpoint(boost::asio::ip::address_v4::loopback(), relay_->port()));
    return near;
  }
  tcp::socket accept() {
    return loop_.run(accept_one(*far_));
  }
  static runtime::Task<tcp::socket> accept_one(tcp::acceptor & acceptor) {
    auto [failed, socket] = co_await acceptor.async_accept(kToken);
    co_return std::move(socket);
  }
  static runtime::Task<std::string> carry(tcp::socket & from, tcp::socket & to, std::string text) {
    co_await boost::asio::async_write(from, boost::asio::buffer(text), kToken);
    co_return co_await read(to, text.size());
  }
  // So many bytes, or what came before the connection ended.
  static runtime::Task<std::string> read(tcp::socket & socket, std::size_t count) {
    std::string all;
    while (all.size() < count) {
      std::array<char, 256> chunk{};
      const auto [failed, size] =
          co_await socket.async_read_some(boost::asio::buffer(chunk), kToken);
      if (failed) break;
      all.append(chunk.data(), size);
    }
    co_return all;
  }
  bool has_ended(tcp::socket & socket) {
    return loop_.run(read(socket, 1)).empty();
  }
};

TEST(Relay, CarriesBytesBothWays) {
  tcp::socket near = connect();
  tcp::socket far = accept();
  STRCMP_EQUAL("hello", loop_.run(carry(near, far, "hello")).c_str());
  STRCMP_EQUAL("welcome", loop_.run(carry(far, near, "welcome")).c_str());
}

TEST(Relay, EndsBothSidesWhenOneDoes) {
  tcp::socket near = connect();
  tcp::socket far = accept();
  STRCMP_EQUAL("x", loop_.run(carry(near, far, "x")).c_str());
  near.close();
  CHECK(has_ended(far));
}

TEST(Relay, OfflineDropsWhatIsOpen) {
  tcp::socket near = connect();
  tcp::socket far = accept();
  STRCMP_EQUAL("x", loop_.run(carry(near, far, "x")).c_str());
  relay_->set_online(false);
  CHECK(has_ended(near));
  CHECK(has_ended(far));
}

TEST(Relay, OfflineLetsNobodyThrough) {
  relay_->set_online(false);
  tcp::socket near = connect();
  CHECK(has_ended(near));
}

TEST(Relay, OnlineAgainCarriesAtTheSamePort) {
  const std::uint16_t port = relay_->port();
  relay_->set_online(false);
  relay_->set_online(true);
  LONGS_EQUAL(port, relay_->port());
  tcp::socket near = connect();
  tcp::socket far = accept();
  STRCMP_EQUAL("x", loop_.run(carry(near, far, "x")).c_str());
}

TEST(Relay, AFarEndThatIsAwayEndsTheConnection) {
  far_->close();
  tcp::socket near = connect();
  CHECK(has_ended(near));
}

TEST(Relay, NeedsAnAddress) {
  CHECK(dev::Relay::start(loop_.executor(), "coordinator", 1).error().code == Errc::invalid);
}
