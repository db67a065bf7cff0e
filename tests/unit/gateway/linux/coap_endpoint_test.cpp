// The limits of CoAPS, each with a setting that a test can reach: at it, and one past it.
#include "gateway/linux/coap_endpoint.hpp"

#include <array>
#include <chrono>
#include <coap3/coap.h>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CppUTest/TestHarness.h>
#include <boost/asio/ip/udp.hpp>

#include "gateway/core/limits.hpp"
#include "shared/crypto/openssl/dtls_client.hpp"
#include "shared/runtime/coap_loop.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/test_pki.hpp"
#include "tests/unit/gateway/linux/serving_shards.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;
using namespace std::chrono_literals;
using boost::asio::ip::udp;

namespace {

const domain::IdScope kTenant("0ne00000001");
const std::string kHost = "127.0.0.1";

PkiRequest named(const std::string& name) {
  PkiRequest request;
  request.common_name = name;
  request.ip_addresses = {kHost};
  return request;
}

coap_address_t address_of(const udp::endpoint& endpoint) {
  coap_address_t address;
  coap_address_init(&address);
  std::memcpy(&address.addr, endpoint.data(), endpoint.size());
  address.size = static_cast<socklen_t>(endpoint.size());
  return address;
}

// A device with a certificate and a DTLS session of its own.
class Device {
 public:
  // `from`: its address.
  Device(Loop& loop, const PkiNode& authority, const std::string& name, std::uint16_t port,
         boost::asio::ip::address_v4 from)
      : name_(name) {
    context_.reset(coap_new_context(nullptr));
    coap_set_app_data(context_.get(), this);
    coap_register_response_handler(context_.get(), on_response);
    coap_register_event_handler(context_.get(), on_event);
    ports::TlsClientSettings settings;
    settings.trusted = {authority.certificate};
    settings.identity = make_self_signed(named(name)).identity();
    const auto dtls = crypto::make_dtls_client(settings, kHost).value();
    coap_dtls_pki_t pki{};
    pki.version = COAP_DTLS_PKI_SETUP_VERSION;
    pki.verify_peer_cert = 1;
    pki.pki_key.key_type = COAP_PKI_KEY_PEM;  // of none: DtlsClient sets the certificate
    const coap_address_t server =
        address_of(udp::endpoint(boost::asio::ip::address_v4::loopback(), port));
    const coap_address_t local = address_of(udp::endpoint(from, 0));
    session_ = coap_new_client_session_pki(context_.get(), &local, &server, COAP_PROTO_DTLS, &pki);
    coap_tls_library_t library{};
    CHECK_TRUE(session_ != nullptr && dtls->prepare(coap_session_get_tls(session_, &library)));
    loop_ = std::make_unique<runtime::CoapLoop>(loop.executor(), *context_);
  }
  ~Device() {
    loop_.reset();
    coap_session_release(session_);
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  // Registers; its enrollment is unknown, so that the coordinator is asked.
  void register_itself() {
    send(COAP_REQUEST_CODE_PUT, {kTenant.str(), "registrations", name_, "register"}, "{}");
  }
  // Asks for what there is not, which is answered at once.
  void greet() { send(COAP_REQUEST_CODE_GET, {"nothing"}); }

  int answers = 0;
  bool is_connected = false;
  bool has_ended = false;  // its session, or the handshake for one

 private:
  struct FreeContext {
    void operator()(coap_context_t* context) const { coap_free_context(context); }
  };

  static Device& self_of(const coap_session_t& session) {
    return *static_cast<Device*>(coap_get_app_data(coap_session_get_context(&session)));
  }
  static coap_response_t on_response(coap_session_t* session, const coap_pdu_t*, const coap_pdu_t*,
                                     coap_mid_t) {
    ++self_of(*session).answers;
    return COAP_RESPONSE_OK;
  }
  static int on_event(coap_session_t* session, coap_event_t event) {
    if (event == COAP_EVENT_DTLS_CONNECTED) self_of(*session).is_connected = true;
    if (event == COAP_EVENT_DTLS_CLOSED || event == COAP_EVENT_DTLS_ERROR) {
      self_of(*session).has_ended = true;
    }
    return 0;
  }

  void send(coap_pdu_code_t code, const std::vector<std::string>& path,
            const std::string& body = {}) {
    coap_pdu_t* message = coap_new_pdu(COAP_MESSAGE_CON, code, session_);
    std::array<std::uint8_t, 8> token{};
    std::size_t length = token.size();
    coap_session_new_token(session_, &length, token.data());
    coap_add_token(message, length, token.data());
    for (const std::string& part : path) {
      coap_add_option(message, COAP_OPTION_URI_PATH, part.size(),
                      reinterpret_cast<const std::uint8_t*>(part.data()));
    }
    if (!body.empty()) {
      coap_add_data(message, body.size(), reinterpret_cast<const std::uint8_t*>(body.data()));
    }
    CHECK_TRUE(coap_send(session_, message) != COAP_INVALID_MID);
    loop_->rearm();
  }

  std::string name_;
  std::unique_ptr<coap_context_t, FreeContext> context_;
  coap_session_t* session_ = nullptr;
  std::unique_ptr<runtime::CoapLoop> loop_;
};

// What lies between a device and the gateway, and may say something in the device's name: from its
// address and port.
class Relay {
 public:
  Relay(Loop& loop, std::uint16_t server)
      : server_(boost::asio::ip::address_v4::loopback(), server),
        near_(loop.io(), udp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
        far_(loop.io(), udp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    take_from_device();
    take_from_server();
  }
  [[nodiscard]] std::uint16_t port() const { return near_.local_endpoint().port(); }
  void say(const std::string& datagram) { far_.send_to(boost::asio::buffer(datagram), server_); }

 private:
  void take_from_device() {
    near_.async_receive_from(boost::asio::buffer(up_), device_,
                             [this](const boost::system::error_code& failed, std::size_t size) {
                               if (failed) return;
                               far_.send_to(boost::asio::buffer(up_, size), server_);
                               take_from_device();
                             });
  }
  void take_from_server() {
    far_.async_receive(boost::asio::buffer(down_),
                       [this](const boost::system::error_code& failed, std::size_t size) {
                         if (failed) return;
                         near_.send_to(boost::asio::buffer(down_, size), device_);
                         take_from_server();
                       });
  }

  udp::endpoint server_;
  udp::endpoint device_;
  udp::socket near_;
  udp::socket far_;
  std::array<char, 4096> up_{};
  std::array<char, 4096> down_{};
};

// A ClientHello without a cookie (RFC 6347 section 4.2.1).
std::string client_hello() {
  const std::string hello = std::string("\xFE\xFD") + std::string(32, '\0') +
                            std::string("\x00\x00\x00\x02\xCC\xAC\x01\x00\x00\x00", 10);
  const auto three = [](std::size_t size) {
    return std::string(2, '\0') + static_cast<char>(size);
  };
  const std::string fragment = "\x01" + three(hello.size()) + std::string(2, '\0') +
                               std::string(3, '\0') + three(hello.size()) + hello;
  return std::string("\x16\xFE\xFD") + std::string(9, '\0') + static_cast<char>(fragment.size()) +
         fragment;
}

}  // namespace

TEST_GROUP(CoapEndpoint) {
  PkiNode authority_ = make_root(named("authority"));
  ServingShards side_{kTenant};
  CoapEndpoint::Settings settings_;
  std::unique_ptr<CoapEndpoint> endpoint_;
  Loop loop_;

  void setup() override {
    settings_.addresses = {kHost};
    settings_.coap_port = 0;
    settings_.coaps_port = 0;
  }
  void teardown() override {
    endpoint_->stop();
    side_.shards->stop();
    endpoint_->settle();
  }

  void serve() {
    CoapEndpoint::Services services{*side_.shards, side_.cache(), side_.body_json, *side_.crypto,
                                    side_.clock,   side_.entropy, side_.log};
    endpoint_ = CoapEndpoint::bind(settings_, std::move(services),
                                   make_leaf(authority_, named("gateway")).identity())
                    .value();
    endpoint_->start();
  }
  // `host`: of its address 127.0.0.x.
  std::unique_ptr<Device> device(const std::string& name, unsigned host = 1) {
    return std::make_unique<Device>(loop_, authority_, name, endpoint_->coaps_port(),
                                    boost::asio::ip::address_v4(0x7F000000 + host));
  }
  std::unique_ptr<Device> connected(const std::string& name, unsigned host = 1) {
    auto made = device(name, host);
    run_until(loop_, [&made] { return made->is_connected; });
    return made;
  }
  // It began, has shown its cookie, and is not let in.
  void waits(Device & device) {
    const std::size_t before = side_.log.count("a handshake has to wait");
    run_until(loop_, [&] { return side_.log.count("a handshake has to wait") > before; });
    CHECK_FALSE(device.is_connected);
    CHECK_FALSE(device.has_ended);
  }
  void greet(Device & device) {
    const int before = device.answers;
    device.greet();
    run_until(loop_, [&] { return device.answers == before + 1; });
  }
};

TEST(CoapEndpoint, AllowsByItselfWhatIsDocumented) {
  serve();
  LONGS_EQUAL(kMaxCoapSessions, settings_.max_sessions);
  LONGS_EQUAL(kMaxCoapHandshakes, settings_.max_handshakes);
  LONGS_EQUAL(kCoapHandshakeBurst, settings_.handshake_burst);
  LONGS_EQUAL(kMaxCountedAddresses, settings_.max_addresses);
  CHECK_TRUE(settings_.session_idle == kCoapSessionIdle);
  // As docs/protocols/coap.md has them.
  LONGS_EQUAL(1000, kMaxCoapSessions);
  LONGS_EQUAL(20000, kMaxCoapHandshakes);
  LONGS_EQUAL(1000, kCoapHandshakeBurst);
  LONGS_EQUAL(200, kCoapHandshakesPerSecond);
  CHECK_TRUE(kCoapSessionIdle == 120s && kCoapRestartGrace == 5s);
}

TEST(CoapEndpoint, HoldsSoManySessionsAndOneMoreWaitsForAnIdleOne) {
  settings_.max_sessions = 2;
  serve();
  const auto first = connected("first");
  const auto second = connected("second");
  greet(*first);
  side_.clock.advance(1s);
  greet(*second);
  const auto third = device("third");
  waits(*third);
  greet(*first);
  greet(*second);
  // The one that has been silent for longer by then, and not the other.
  side_.clock.advance(1s);
  greet(*first);
  side_.clock.advance(kCoapSessionSpared - 1s);
  run_until(loop_, [&] { return third->is_connected && second->has_ended; });
  greet(*first);
  greet(*third);
}

TEST(CoapEndpoint, KeepsASessionWhileItsRequestIsUnderWay) {
  settings_.max_sessions = 1;
  serve();
  const auto first = connected("first");
  first->register_itself();
  run_until(loop_, [this] { return side_.coordinator.questions() == 1; });
  side_.clock.advance(kCoapSessionSpared);
  const auto second = device("second");
  waits(*second);
  CHECK_FALSE(first->has_ended);
}

TEST(CoapEndpoint, AnAddressThatHoldsMostMakesRoomAtOnce) {
  settings_.max_sessions = 2;
  serve();
  const auto first = connected("first", 1);
  side_.clock.advance(1s);
  const auto second = connected("second", 1);
  const auto third = connected("third", 2);
  run_until(loop_, [&] { return first->has_ended; });
  greet(*second);
  greet(*third);
}

TEST(CoapEndpoint, NobodyLosesHisSessionToAHandshakeWithoutACookie) {
  settings_.max_sessions = 1;
  serve();
  const auto device = connected("device");
  greet(*device);
  side_.clock.advance(kCoapSessionSpared);
  const udp::endpoint server(boost::asio::ip::address_v4::loopback(), endpoint_->coaps_port());
  for (unsigned i = 0; i < 5; ++i) {
    udp::socket forger(loop_.io(), udp::endpoint(boost::asio::ip::address_v4(0x7F000002 + i), 0));
    forger.send_to(boost::asio::buffer(client_hello()), server);
    std::array<char, 256> answer{};
    CHECK_TRUE(forger.receive(boost::asio::buffer(answer)) > 13);
  }
  greet(*device);
  CHECK_FALSE(device->has_ended);
}

TEST(CoapEndpoint, EndsASessionThatIsSilentForTooLongAndNotBefore) {
  settings_.session_idle = 1s;
  serve();
  const auto device = connected("silent");
  greet(*device);
  const auto begin = std::chrono::steady_clock::now();
  run_until(loop_, [&] { return device->has_ended; });
  const auto silence = std::chrono::steady_clock::now() - begin;
  CHECK_TRUE(silence > 900ms && silence < 20s);
}

TEST(CoapEndpoint, LetsAnAddressBeginSoManyHandshakesAndNotOneMore) {
  settings_.handshake_burst = 2;
  serve();
  const auto first = connected("first");
  const auto second = connected("second");
  const auto third = device("third");
  waits(*third);
  greet(*first);
  greet(*second);
}

TEST(CoapEndpoint, LetsAnAddressBeginSoManyHandshakesInASecondAfterwards) {
  settings_.handshake_burst = 1;
  serve();
  const auto first = connected("first");
  constexpr std::chrono::microseconds kForOne =
      std::chrono::microseconds{1s} / kCoapHandshakesPerSecond;
  side_.clock.advance(kForOne - 1us);
  const auto second = device("second");
  waits(*second);
  side_.clock.advance(1us);
  run_until(loop_, [&] { return second->is_connected; });
  const auto more = device("more");
  waits(*more);
}

TEST(CoapEndpoint, CountsSoManyAddressesAndTurnsOneMoreAway) {
  settings_.max_addresses = 2;
  serve();
  const auto first = connected("first", 1);
  const auto second = connected("second", 2);
  const auto third = device("third", 3);
  waits(*third);
  const auto again = connected("again", 2);
  // What did nothing for a while needs no place.
  side_.clock.advance(1s * kCoapHandshakeBurst / kCoapHandshakesPerSecond);
  run_until(loop_, [&] { return third->is_connected; });
}

TEST(CoapEndpoint, LetsASessionGoForANewHandshakeOnceItWasSilentForSoLong) {
  serve();
  Relay relay(loop_, endpoint_->coaps_port());
  Device device(loop_, authority_, "restarted", relay.port(),
                boost::asio::ip::address_v4::loopback());
  run_until(loop_, [&] { return device.is_connected; });
  greet(device);
  side_.clock.advance(kCoapRestartGrace - 1us);
  relay.say(client_hello());
  // What is answered was heard, and begins the silence anew.
  greet(device);
  CHECK_FALSE(device.has_ended);
  side_.clock.advance(kCoapRestartGrace);
  relay.say(client_hello());
  run_until(loop_, [&] { return device.has_ended; });
}

TEST(CoapEndpoint, NoHandshakeEndsASessionWhoseRequestIsUnderWay) {
  serve();
  Relay relay(loop_, endpoint_->coaps_port());
  Device device(loop_, authority_, "waiting", relay.port(),
                boost::asio::ip::address_v4::loopback());
  run_until(loop_, [&] { return device.is_connected; });
  device.register_itself();
  run_until(loop_, [this] { return side_.coordinator.questions() == 1; });
  side_.clock.advance(kCoapRestartGrace);
  relay.say(client_hello());
  // By then the forged datagram was heard, and what it could do has come to the device.
  const auto other = connected("other");
  for (int i = 0; i < 3; ++i) greet(*other);
  CHECK_FALSE(device.has_ended);
}

TEST(CoapEndpoint, KeepsSoManyHandshakesHalfOpenAndIgnoresOneMore) {
  settings_.max_handshakes = 3;
  serve();
  const udp::endpoint server(boost::asio::ip::address_v4::loopback(), endpoint_->coaps_port());
  const std::string hello = client_hello();
  std::array<char, 256> answer{};
  std::vector<udp::socket> peers;
  for (int i = 0; i < 3; ++i) {
    peers.emplace_back(loop_.io(), udp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    peers.back().send_to(boost::asio::buffer(hello), server);
    CHECK_TRUE(peers.back().receive(boost::asio::buffer(answer)) > 13);
    LONGS_EQUAL(3, answer[13]);  // HelloVerifyRequest
  }
  udp::socket more(loop_.io(), udp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  more.send_to(boost::asio::buffer(hello), server);
  // Those that have begun go on; what was answered before came in before.
  peers.front().send_to(boost::asio::buffer(hello), server);
  CHECK_TRUE(peers.front().receive(boost::asio::buffer(answer)) > 13);
  more.non_blocking(true);
  boost::system::error_code failed;
  more.receive(boost::asio::buffer(answer), 0, failed);
  CHECK_TRUE(failed == boost::asio::error::would_block);
}
