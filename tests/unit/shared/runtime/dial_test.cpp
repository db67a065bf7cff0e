#include "shared/runtime/dial.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/support/loop.hpp"

using namespace berth;
using boost::asio::ip::tcp;

TEST_GROUP(Dial) {
  berth::testing::Loop loop_;
  tcp::acceptor acceptor_{loop_.executor(), tcp::endpoint(tcp::v4(), 0)};
};

TEST(Dial, ConnectsToAnAddress) {
  const auto socket =
      loop_.run(runtime::dial(loop_.executor(), "127.0.0.1", acceptor_.local_endpoint().port()));
  CHECK_TRUE(socket.has_value());
}

TEST(Dial, ResolvesANameAndTriesEachAddress) {
  // localhost may be ::1 first; nothing listens there.
  const auto socket =
      loop_.run(runtime::dial(loop_.executor(), "localhost", acceptor_.local_endpoint().port()));
  CHECK_TRUE(socket.has_value());
}

TEST(Dial, NamesTheHostAndPortThatRefuse) {
  const std::uint16_t port = acceptor_.local_endpoint().port();
  acceptor_.close();
  const auto socket = loop_.run(runtime::dial(loop_.executor(), "127.0.0.1", port));
  CHECK_TRUE(socket.error().code == Errc::unavailable);
  CHECK_TRUE(socket.error().reason.find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
}

TEST(Dial, RefusesANameThatDoesNotResolve) {
  const auto socket = loop_.run(runtime::dial(loop_.executor(), "no-such-host.invalid", 1));
  CHECK_TRUE(socket.error().code == Errc::unavailable);
}

TEST(Dial, PassesOverWhatIsOutOfReachWhateverItsNameIs) {
  const std::uint16_t port = acceptor_.local_endpoint().port();
  const runtime::Reach outside{runtime::Reach::Rules{}};
  for (const char* host : {"127.0.0.1", "localhost", "::ffff:127.0.0.1"}) {
    const auto socket = loop_.run(runtime::dial(loop_.executor(), host, port, outside));
    CHECK(socket.error().code == Errc::forbidden);
  }
  runtime::Reach::Rules rules;
  rules.allowed = {*AddressBlock::parse("127.0.0.1")};
  CHECK(loop_.run(runtime::dial(loop_.executor(), "localhost", port, runtime::Reach(rules)))
            .has_value());
}
