#include "shared/runtime/coap_loop.hpp"

#include <chrono>
#include <coap3/coap.h>
#include <cstring>
#include <memory>

#include <CppUTest/TestHarness.h>
#include <boost/asio/ip/udp.hpp>

#include "tests/support/loop.hpp"

using namespace berth;

namespace {

struct FreeContext {
  void operator()(coap_context_t* context) const { coap_free_context(context); }
};
using Context = std::unique_ptr<coap_context_t, FreeContext>;

Context make_context() {
  coap_startup();
  coap_set_log_level(LOG_EMERG);
  return Context(coap_new_context(nullptr));
}

void answer(coap_resource_t*, coap_session_t*, const coap_pdu_t*, const coap_string_t*,
            coap_pdu_t* response) {
  coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
}

coap_response_t count_answer(coap_session_t* of, const coap_pdu_t*, const coap_pdu_t*, coap_mid_t) {
  ++*static_cast<int*>(coap_get_app_data(coap_session_get_context(of)));
  return COAP_RESPONSE_OK;
}

}  // namespace

TEST_GROUP(CoapLoop) {
  testing::Loop loop;
  Context server = make_context();
  Context client = make_context();
  coap_session_t* session = nullptr;
  int answers = 0;
  coap_address_t address{};

  void setup() override {
    using boost::asio::ip::udp;
    // Bound until the context has taken the port over, so that nobody else can.
    udp::socket probe(loop.io());
    probe.open(udp::v4());
    probe.set_option(udp::socket::reuse_address(true));
    probe.bind({boost::asio::ip::address_v4::loopback(), 0});
    const udp::endpoint endpoint = probe.local_endpoint();
    coap_address_init(&address);
    std::memcpy(&address.addr, endpoint.data(), endpoint.size());
    address.size = static_cast<socklen_t>(endpoint.size());
    CHECK_TRUE(coap_new_endpoint(server.get(), &address, COAP_PROTO_UDP) != nullptr);
    coap_resource_t* resource = coap_resource_init(coap_make_str_const("here"), 0);
    coap_register_request_handler(resource, COAP_REQUEST_GET, answer);
    coap_add_resource(server.get(), resource);
    coap_set_app_data(client.get(), &answers);
    coap_register_response_handler(client.get(), count_answer);
    session = coap_new_client_session(client.get(), nullptr, &address, COAP_PROTO_UDP);
    CHECK_TRUE(session != nullptr);
  }
  void teardown() override {
    coap_session_release(session);
  }

  void ask() {
    coap_pdu_t* request = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);
    coap_add_option(request, COAP_OPTION_URI_PATH, 4,
                    reinterpret_cast<const std::uint8_t*>("here"));
    CHECK_TRUE(coap_send(session, request) != COAP_INVALID_MID);
  }
  void run_until_answered(int count) {
    const auto end = std::chrono::steady_clock::now() + testing::kLoopPatience;
    while (answers < count && std::chrono::steady_clock::now() < end) loop.io().run_one_until(end);
    CHECK_EQUAL(count, answers);
  }
};

TEST(CoapLoop, DrivesBothEndsOfAnExchange) {
  runtime::CoapLoop serving(loop.executor(), *server);
  runtime::CoapLoop asking(loop.executor(), *client);
  for (int i = 1; i <= 3; ++i) {
    ask();
    asking.rearm();
    run_until_answered(i);
  }
}

// Handlers of the first are still to run when the second begins.
TEST(CoapLoop, OneAfterAnotherWithTheSameDescriptor) {
  runtime::CoapLoop serving(loop.executor(), *server);
  Context before = make_context();
  const int descriptor = coap_context_get_coap_fd(before.get());
  auto first = std::make_unique<runtime::CoapLoop>(loop.executor(), *before);
  first.reset();
  before.reset();
  Context after = make_context();
  CHECK_EQUAL(descriptor, coap_context_get_coap_fd(after.get()));
  coap_set_app_data(after.get(), &answers);
  coap_register_response_handler(after.get(), count_answer);
  coap_session_release(session);
  session = coap_new_client_session(after.get(), nullptr, &address, COAP_PROTO_UDP);
  runtime::CoapLoop asking(loop.executor(), *after);
  // Without the descriptor each answer would wait for the timer, for a second.
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 1; i <= 10; ++i) {
    ask();
    asking.rearm();
    run_until_answered(i);
  }
  CHECK_TRUE(std::chrono::steady_clock::now() - begin < std::chrono::seconds{5});
  coap_session_release(session);
  session = coap_new_client_session(client.get(), nullptr, &address, COAP_PROTO_UDP);
}

TEST(CoapLoop, RepeatsWhatWasNotAnswered) {
  runtime::CoapLoop asking(loop.executor(), *client);
  coap_fixed_point_t soon{0, 50};
  coap_session_set_ack_timeout(session, soon);
  ask();
  asking.rearm();
  // What was sent first is thrown away, as if it had been lost.
  coap_io_process(server.get(), COAP_IO_NO_WAIT);
  server.reset();
  server = make_context();
  CHECK_TRUE(coap_new_endpoint(server.get(), &address, COAP_PROTO_UDP) != nullptr);
  runtime::CoapLoop serving(loop.executor(), *server);
  // Nobody knows the resource any more; the repetition is answered all the same.
  run_until_answered(1);
}

TEST(CoapLoop, LeavesTheContextAloneOnceItIsGone) {
  {
    runtime::CoapLoop serving(loop.executor(), *server);
    ask();
  }
  server.reset();
  loop.io().restart();
  loop.io().poll();
  CHECK_EQUAL(0, answers);
}
