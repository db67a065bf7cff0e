#include "shared/runtime/tls_stream.hpp"

#include <array>
#include <optional>

#include <CppUTest/TestHarness.h>

#include "shared/runtime/task_group.hpp"
#include "tests/unit/shared/runtime/loopback.hpp"

using namespace std::chrono_literals;
using namespace berth;
using namespace berth::runtime;
using namespace berth::testing;
using ports::TlsStatus;

namespace {

// An engine whose handshake ends as the test says.
class ScriptedEngine final : public ports::TlsEngine {
 public:
  explicit ScriptedEngine(TlsStatus handshake) : handshake_(handshake) {}

  void feed(ByteView) override {}
  Bytes take_output() override { return std::exchange(alert_, {}); }
  [[nodiscard]] bool has_output() const override { return !alert_.empty(); }
  TlsStatus handshake() override { return handshake_; }
  TlsStatus read(std::span<std::uint8_t>, std::size_t&) override { return TlsStatus::failed; }
  TlsStatus write(ByteView, std::size_t&) override { return TlsStatus::failed; }
  void close() override {}
  [[nodiscard]] const ports::TlsPeer& peer() const override { return peer_; }
  [[nodiscard]] std::string failure() const override { return "scripted failure"; }

 private:
  TlsStatus handshake_;
  Bytes alert_ = to_bytes("alert");
  ports::TlsPeer peer_;
};

Task<void> write_and_count(TlsStream& stream, Bytes bytes, bool& written) {
  const auto result = co_await stream.write_all(bytes, kPatience);
  written = result.has_value();
}

Task<std::size_t> read_all(TlsStream& stream, std::size_t wanted) {
  std::array<std::uint8_t, 4096> chunk{};
  std::size_t total = 0;
  while (total < wanted) {
    const auto count = co_await stream.read_some(chunk, kPatience);
    if (!count || *count == 0) break;
    total += *count;
  }
  co_return total;
}

Task<void> read_once(TlsStream& stream, std::optional<Result<std::size_t>>& result) {
  std::array<std::uint8_t, 16> chunk{};
  result.emplace(co_await stream.read_some(chunk, kPatience));
}

}  // namespace

TEST_GROUP(TlsStream) {
  Loop loop_;
  std::array<std::uint8_t, 64> chunk_{};
  std::unique_ptr<TlsStream> near_;
  std::unique_ptr<TlsStream> far_;
  TaskGroup tasks_{loop_.executor(), 8, [](const std::string&) {}};

  void setup() override {
    auto [near, far] = connected_pair(loop_.executor());
    near_ = plain_stream(std::move(near));
    far_ = plain_stream(std::move(far));
  }
};

TEST(TlsStream, ReadsWhatTheOtherSideWrites) {
  CHECK_TRUE(loop_.run(near_->write_all(as_bytes("hello"), kPatience)).has_value());
  const auto count = loop_.run(far_->read_some(chunk_, kPatience));
  LONGS_EQUAL(5, count.value());
  LONGS_EQUAL('h', chunk_[0]);
}

TEST(TlsStream, NamesBothAddresses) {
  STRCMP_EQUAL("127.0.0.1", near_->remote_address().c_str());
  STRCMP_EQUAL("127.0.0.1", near_->local_address().c_str());
  CHECK_TRUE(near_->remote_port() != 0);
}

TEST(TlsStream, SendsMoreThanTheSocketHoldsWhileBothSidesRead) {
  // Both write first and both must also take what comes: a stream that could not would deadlock.
  const Bytes much(8 * 1024 * 1024, 'x');
  bool near_written = false;
  bool far_written = false;
  tasks_.spawn(write_and_count(*near_, much, near_written));
  tasks_.spawn(write_and_count(*far_, much, far_written));
  LONGS_EQUAL(much.size(), loop_.run(read_all(*far_, much.size())));
  LONGS_EQUAL(much.size(), loop_.run(read_all(*near_, much.size())));
  loop_.run(tasks_.drained());
  CHECK_TRUE(near_written);
  CHECK_TRUE(far_written);
}

TEST(TlsStream, EndsAReadThatTakesTooLongAndStaysWritable) {
  const auto read = loop_.run(near_->read_some(chunk_, 1ms));
  CHECK_TRUE(read.error().code == Errc::timed_out);
  CHECK_TRUE(loop_.run(near_->write_all(as_bytes("late"), kPatience)).has_value());
  LONGS_EQUAL(4, loop_.run(far_->read_some(chunk_, kPatience)).value());
}

TEST(TlsStream, EndsAWriteThatNobodyTakesAndClosesTheSocket) {
  const Bytes much(64 * 1024 * 1024, 'x');
  const auto written = loop_.run(near_->write_all(much, 50ms));
  CHECK_TRUE(written.error().code == Errc::timed_out);
  CHECK_TRUE(loop_.run(near_->write_all(as_bytes("x"), kPatience)).error().code ==
             Errc::unavailable);
}

TEST(TlsStream, SaysThatThePeerIsGone) {
  far_.reset();
  const auto read = loop_.run(near_->read_some(chunk_, kPatience));
  CHECK_TRUE(read.error().code == Errc::unavailable);
}

TEST(TlsStream, EndsAPendingReadWhenAborted) {
  std::optional<Result<std::size_t>> read;
  tasks_.spawn(read_once(*near_, read));
  loop_.io().poll();
  CHECK_FALSE(read.has_value());
  near_->abort();
  loop_.run(tasks_.drained());
  CHECK_TRUE(read->error().code == Errc::unavailable);
}

TEST(TlsStream, EndsAPendingReadWhenItsTaskIsCancelled) {
  std::optional<Result<std::size_t>> read;
  tasks_.spawn(read_once(*near_, read));
  loop_.io().poll();
  tasks_.cancel();
  loop_.run(tasks_.drained());
  LONGS_EQUAL(0, tasks_.size());
}

TEST(TlsStream, ClosesOnceAndMayBeClosedAgain) {
  loop_.run(near_->close());
  loop_.run(near_->close());
  CHECK_TRUE(loop_.run(far_->read_some(chunk_, kPatience)).error().code == Errc::unavailable);
}

TEST(TlsStream, LetsItsLastWordsArriveThoughThePeerGoesOnSending) {
  CHECK_TRUE(loop_.run(far_->write_all(Bytes(100000, 'x'), kPatience)).has_value());
  CHECK_TRUE(loop_.run(near_->write_all(as_bytes("no"), kPatience)).has_value());
  tasks_.spawn(near_->linger_and_close());
  LONGS_EQUAL(2, loop_.run(far_->read_some(chunk_, kPatience)).value());
  CHECK_TRUE(loop_.run(far_->read_some(chunk_, kPatience)).error().code == Errc::unavailable);
  far_.reset();
  loop_.run(tasks_.drained());
}

TEST(TlsStream, SendsTheAlertOfAFailedHandshake) {
  auto [client, server] = connected_pair(loop_.executor());
  TlsStream stream(std::move(server), std::make_unique<ScriptedEngine>(TlsStatus::failed));
  const auto shaken = loop_.run(stream.handshake(kPatience));
  CHECK_TRUE(shaken.error().code == Errc::unauthorized);
  STRCMP_EQUAL("scripted failure", shaken.error().reason.c_str());
  STRCMP_EQUAL("alert", loop_.run(converse(client, "")).c_str());
}

TEST(TlsStream, EndsAHandshakeThatStaysHalfOpen) {
  auto [client, server] = connected_pair(loop_.executor());
  TlsStream stream(std::move(server), std::make_unique<ScriptedEngine>(TlsStatus::want_read));
  const auto shaken = loop_.run(stream.handshake(1ms));
  CHECK_TRUE(shaken.error().code == Errc::timed_out);
  STRCMP_EQUAL("alert", loop_.run(converse(client, "")).c_str());
}

TEST(TlsStream, NoticesAPeerThatLeavesDuringTheHandshake) {
  auto [client, server] = connected_pair(loop_.executor());
  TlsStream stream(std::move(server), std::make_unique<ScriptedEngine>(TlsStatus::want_read));
  client.close();
  const auto shaken = loop_.run(stream.handshake(kPatience));
  CHECK_TRUE(shaken.error().code == Errc::unavailable);
}

TEST(TlsStream, NamesHostPortAndPatienceWhenAConnectionTakesTooLong) {
  // A listener whose backlog nobody empties still completes TCP; the silent handshake then hangs.
  class SilentContext final : public ports::TlsContext {
   public:
    std::unique_ptr<ports::TlsEngine> new_engine(const std::string&) override {
      return std::make_unique<ScriptedEngine>(TlsStatus::want_read);
    }
  };
  tcp::acceptor acceptor(loop_.executor(),
                         tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  const std::uint16_t port = acceptor.local_endpoint().port();
  const auto stream = loop_.run(
      connect_tls(loop_.executor(), "127.0.0.1", port, std::make_shared<SilentContext>(), 20ms));
  CHECK_TRUE(stream.error().code == Errc::timed_out);
  CHECK_TRUE(stream.error().reason.find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
}
