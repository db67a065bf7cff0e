#include "shared/runtime/tls_listener.hpp"

#include <array>
#include <stdexcept>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include <CppUTest/TestHarness.h>
#include <boost/asio/steady_timer.hpp>

#include "shared/runtime/plain_engine.hpp"
#include "tests/unit/shared/runtime/loopback.hpp"

using namespace std::chrono_literals;
using namespace berth;
using namespace berth::runtime;
using namespace berth::testing;

namespace {

// Sends back what it gets until the peer leaves.
Task<void> echo(TlsStream& stream) {
  std::array<std::uint8_t, 64> chunk{};
  for (;;) {
    const auto count = co_await stream.read_some(chunk, kPatience);
    if (!count || *count == 0) co_return;
    const auto sent = co_await stream.write_all(ByteView(chunk.data(), *count), kPatience);
    if (!sent) co_return;
  }
}

Task<void> throw_up(TlsStream&) {
  throw std::runtime_error("inside");
  co_return;
}

Task<void> greet(TlsStream& stream) {
  const auto sent = co_await stream.write_all(as_bytes("welcome"), kPatience);
  if (!sent) co_return;
}

// A context whose engines never finish their handshake.
class SilentEngine final : public ports::TlsEngine {
 public:
  void feed(ByteView) override {}
  Bytes take_output() override { return {}; }
  [[nodiscard]] bool has_output() const override { return false; }
  ports::TlsStatus handshake() override { return ports::TlsStatus::want_read; }
  ports::TlsStatus read(std::span<std::uint8_t>, std::size_t&) override {
    return ports::TlsStatus::want_read;
  }
  ports::TlsStatus write(ByteView, std::size_t&) override { return ports::TlsStatus::failed; }
  void close() override {}
  [[nodiscard]] const ports::TlsPeer& peer() const override { return peer_; }
  [[nodiscard]] std::string failure() const override { return "silent"; }

 private:
  ports::TlsPeer peer_;
};

class SilentContext final : public ports::TlsContext {
 public:
  std::unique_ptr<ports::TlsEngine> new_engine(const std::string&) override {
    return std::make_unique<SilentEngine>();
  }
};

}  // namespace

TEST_GROUP(TlsListener) {
  Loop loop_;
  std::vector<std::string> errors_;
  std::unique_ptr<TlsListener> listener_;

  void listen(TlsListener::Session session, const ListenerLimits& limits = {},
              std::shared_ptr<ports::TlsContext> context = make_plain_context()) {
    auto bound = TlsListener::bind(
        loop_.executor(), "127.0.0.1", 0, std::move(context), limits, std::move(session),
        [this](const std::string&, const std::string& what) { errors_.push_back(what); });
    listener_ = std::move(bound).value();
    listener_->start();
  }

  void teardown() override {
    // Whatever a test left behind must end by itself once the listener stops.
    if (listener_) listener_->stop();
    loop_.drain();
  }
};

TEST(TlsListener, HandsEachConnectionToASession) {
  listen(echo);
  auto first = connect_to(loop_.executor(), listener_->port());
  auto second = connect_to(loop_.executor(), listener_->port());
  STRCMP_EQUAL("two", loop_.run(ask(second, "two", "two")).c_str());
  STRCMP_EQUAL("one", loop_.run(ask(first, "one", "one")).c_str());
  LONGS_EQUAL(2, listener_->connections());
}

TEST(TlsListener, ClosesTheConnectionWhenItsSessionReturns) {
  listen(greet);
  auto client = connect_to(loop_.executor(), listener_->port());
  STRCMP_EQUAL("welcome", loop_.run(converse(client, "")).c_str());
  LONGS_EQUAL(0, listener_->connections());
}

TEST(TlsListener, ServesAsManyConnectionsAsItsLimitAndClosesOneMore) {
  ListenerLimits limits;
  limits.max_connections = 2;
  listen(echo, limits);
  auto first = connect_to(loop_.executor(), listener_->port());
  auto second = connect_to(loop_.executor(), listener_->port());
  STRCMP_EQUAL("x", loop_.run(ask(first, "x", "x")).c_str());
  STRCMP_EQUAL("y", loop_.run(ask(second, "y", "y")).c_str());
  auto third = connect_to(loop_.executor(), listener_->port());
  STRCMP_EQUAL("", loop_.run(converse(third, "")).c_str());
  LONGS_EQUAL(2, listener_->connections());
  LONGS_EQUAL(1, errors_.size());
}

TEST(TlsListener, SharesAGateWithOtherListenersAndEndsWhomItSheds) {
  ListenerLimits limits;
  limits.gate = std::make_shared<ConnectionGate>(2);
  listen(echo, limits);
  auto other = TlsListener::bind(loop_.executor(), "127.0.0.1", 0, make_plain_context(), limits,
                                 echo, [](const std::string&, const std::string&) {});
  (*other)->start();
  auto first = connect_to(loop_.executor(), listener_->port());
  STRCMP_EQUAL("1", loop_.run(ask(first, "1", "1")).c_str());
  auto second = connect_to(loop_.executor(), (*other)->port());
  STRCMP_EQUAL("2", loop_.run(ask(second, "2", "2")).c_str());
  auto third = connect_to(loop_.executor(), (*other)->port());
  STRCMP_EQUAL("3", loop_.run(ask(third, "3", "3")).c_str());
  STRCMP_EQUAL("", loop_.run(converse(first, "")).c_str());
  STRCMP_EQUAL("2", loop_.run(ask(second, "2", "2")).c_str());
  LONGS_EQUAL(2, limits.gate->size());
  (*other)->stop();
  loop_.run(converse(second, ""));
}

TEST(TlsListener, VouchesAtTheGateForAConnectionThatItsSessionVouchesFor) {
  ListenerLimits limits;
  limits.gate = std::make_shared<ConnectionGate>(1);
  listen(
      [](TlsStream& stream) {
        stream.vouch();
        return echo(stream);
      },
      limits);
  auto first = connect_to(loop_.executor(), listener_->port());
  STRCMP_EQUAL("1", loop_.run(ask(first, "1", "1")).c_str());
  auto second = connect_to(loop_.executor(), listener_->port());
  STRCMP_EQUAL("", loop_.run(converse(second, "")).c_str());
  STRCMP_EQUAL("1", loop_.run(ask(first, "1", "1")).c_str());
}

TEST(TlsListener, ServesOnWhenDescriptorsHaveRunOut) {
  listen(echo);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  auto first = connect_to(loop_.executor(), listener_->port());
  // One descriptor less than the connection needs.
  const int highest = dup(0);
  close(highest);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(highest);
  setrlimit(RLIMIT_NOFILE, &none);
  loop_.io().restart();
  loop_.io().run_for(1ms);
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK_FALSE(errors_.empty());
  STRCMP_EQUAL("cannot accept: Too many open files", errors_[0].c_str());
  STRCMP_EQUAL("1", loop_.run(ask(first, "1", "1")).c_str());
}

TEST(TlsListener, ClosesAConnectionWhoseHandshakeStaysHalfOpen) {
  ListenerLimits limits;
  limits.handshake_timeout = 1ms;
  listen(echo, limits, std::make_shared<SilentContext>());
  auto client = connect_to(loop_.executor(), listener_->port());
  STRCMP_EQUAL("", loop_.run(converse(client, "")).c_str());
  LONGS_EQUAL(1, errors_.size());
}

TEST(TlsListener, ReportsWhatASessionThrowsAndServesOn) {
  listen(throw_up);
  auto first = connect_to(loop_.executor(), listener_->port());
  STRCMP_EQUAL("", loop_.run(converse(first, "")).c_str());
  auto second = connect_to(loop_.executor(), listener_->port());
  STRCMP_EQUAL("", loop_.run(converse(second, "")).c_str());
  LONGS_EQUAL(2, errors_.size());
  STRCMP_EQUAL("inside", errors_[0].c_str());
}

TEST(TlsListener, AbortsWhatIsOpenWhenStopped) {
  listen(echo);
  auto client = connect_to(loop_.executor(), listener_->port());
  STRCMP_EQUAL("x", loop_.run(ask(client, "x", "x")).c_str());
  listener_->stop();
  STRCMP_EQUAL("", loop_.run(converse(client, "")).c_str());
  loop_.drain();
  LONGS_EQUAL(0, listener_->connections());
  LONGS_EQUAL(0, errors_.size());
}

TEST(TlsListener, MayGoBeforeItsSessionsHaveEnded) {
  listen(echo);
  auto client = connect_to(loop_.executor(), listener_->port());
  STRCMP_EQUAL("x", loop_.run(ask(client, "x", "x")).c_str());
  listener_.reset();
  STRCMP_EQUAL("", loop_.run(converse(client, "")).c_str());
}

TEST(TlsListener, UsesAReplacedContextForNewConnections) {
  ListenerLimits limits;
  limits.handshake_timeout = 1ms;
  listen(greet, limits, std::make_shared<SilentContext>());
  listener_->replace_context(make_plain_context());
  auto client = connect_to(loop_.executor(), listener_->port());
  STRCMP_EQUAL("welcome", loop_.run(converse(client, "")).c_str());
}

TEST(TlsListener, NamesTheAddressItCannotBind) {
  listen(echo);
  const auto second =
      TlsListener::bind(loop_.executor(), "127.0.0.1", listener_->port(), make_plain_context(), {},
                        echo, [](const std::string&, const std::string&) {});
  CHECK_TRUE(second.error().code == Errc::io);
  CHECK_TRUE(second.error().reason.find("127.0.0.1 port " + std::to_string(listener_->port())) !=
             std::string::npos);
}

TEST(TlsListener, RefusesAnAddressThatIsNone) {
  const auto bound = TlsListener::bind(loop_.executor(), "nowhere", 0, make_plain_context(), {},
                                       echo, [](const std::string&, const std::string&) {});
  CHECK_TRUE(bound.error().code == Errc::io);
}

TEST(TlsListener, SharesAPortWithAnotherOneWhenBothSaySo) {
  const auto ignore = [](const std::string&, const std::string&) {};
  auto first = TlsListener::bind(loop_.executor(), "127.0.0.1", 0, make_plain_context(), {}, echo,
                                 ignore, true);
  const auto second = TlsListener::bind(loop_.executor(), "127.0.0.1", first.value()->port(),
                                        make_plain_context(), {}, echo, ignore, true);
  CHECK_TRUE(second.has_value());
}
