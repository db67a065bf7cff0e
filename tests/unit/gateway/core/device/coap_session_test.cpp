#include "gateway/core/device/coap_session.hpp"

#include <memory>
#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "gateway/core/limits.hpp"
#include "tests/support/fake_body_codec.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

TEST_GROUP(CoapSession) {
  FakeBodyCodec json;
  FakeClock clock;
  FakeEntropy entropy;
  DeviceCoap mapping{json, clock, entropy};
  CoapBudget budget{kMaxCoapBuffered};
  std::unique_ptr<CoapSession> session;
  std::uint16_t last_message = 0;

  void setup() override {
    session = open_session();
  }
  void teardown() override {
    session.reset();
    // Whatever happened, nothing stays taken.
    LONGS_EQUAL(kMaxCoapBuffered, budget.left());
  }

  std::unique_ptr<CoapSession> open_session() {
    return std::make_unique<CoapSession>(mapping, CoapPeer{}, budget, clock);
  }
  CoapEnvelope envelope() {
    return {++last_message, Bytes{1, 2}, true};
  }

  static CoapRequest register_request(std::string payload = "id dev-1") {
    CoapRequest request;
    request.method = CoapMethod::put;
    request.path = {"0ne00LAB001", "registrations", "dev-1", "register"};
    request.payload = std::move(payload);
    return request;
  }
  static CoapRequest block_of(const std::string& body, std::uint32_t number,
                              std::uint8_t exponent) {
    const CoapBlock block{number, false, exponent};
    CoapRequest request = register_request(body.substr(block.offset(), block.size()));
    request.block1 = block;
    request.block1->more = block.offset() + block.size() < body.size();
    return request;
  }
  CoapOutput send(CoapRequest request) {
    return session->on_request(envelope(), std::move(request));
  }

  RegisterRequest registers(const CoapOutput& out) {
    CHECK_FALSE(out.response.has_value());
    CHECK_TRUE(out.request.has_value());
    return *std::get_if<RegisterRequest>(&*out.request);
  }
  CoapResponse responds(const CoapOutput& out, int klass, int detail) {
    CHECK_TRUE(out.response.has_value());
    CHECK_FALSE(out.request.has_value());
    LONGS_EQUAL(CoapCode::of(klass, detail).value, out.response->code.value);
    return *out.response;
  }
  // A body of that length that the codec takes for none.
  static std::string blank(std::size_t size) {
    return std::string(size, ' ');
  }

  // Sends it block by block; what the last one led to.
  CoapOutput send_in_blocks(const std::string& body, std::uint8_t exponent) {
    const std::size_t size = std::size_t{16} << exponent;
    const auto blocks = static_cast<std::uint32_t>((body.size() + size - 1) / size);
    for (std::uint32_t number = 0; number + 1 < blocks; ++number) {
      const CoapResponse response = responds(send(block_of(body, number, exponent)), 2, 31);
      CHECK_TRUE((*response.block1 == CoapBlock{number, true, exponent}));
    }
    return send(block_of(body, blocks - 1, exponent));
  }
  static Reply long_reply(RequestToken token, std::size_t length) {
    Reply reply;
    reply.token = token;
    OperationReply content;
    // "operation <ID> assigning"
    content.status.operation_id = std::string(length - 20, 'x');
    content.status.status = domain::RegistrationStatus::assigning;
    content.retry_after = std::chrono::seconds{3};
    reply.content = std::move(content);
    return reply;
  }
  CoapRequest asks_for(std::uint32_t number, std::uint8_t exponent) {
    CoapRequest request = register_request("");
    request.block2 = CoapBlock{number, false, exponent};
    return request;
  }
};

TEST(CoapSession, ARequestGoesToTheEngineAndItsAnswerToTheMessage) {
  const CoapEnvelope sent = envelope();
  const RegisterRequest request = registers(session->on_request(sent, register_request()));
  const auto answer = session->on_reply(long_reply(request.token, 100));
  CHECK_TRUE(answer.has_value());
  LONGS_EQUAL(sent.message_id, answer->to.message_id);
  CHECK_TRUE(answer->to.token == sent.token);
  CHECK_TRUE(answer->response.code == kCoapChanged);
  LONGS_EQUAL(100, answer->response.payload.size());
  CHECK_FALSE(answer->response.block2.has_value());
  // Once.
  CHECK_FALSE(session->on_reply(long_reply(request.token, 100)).has_value());
}

TEST(CoapSession, ARepeatedMessageIsNotASecondRequest) {
  const CoapEnvelope sent = envelope();
  const RegisterRequest request = registers(session->on_request(sent, register_request()));
  CoapOutput repeated = session->on_request(sent, register_request());
  CHECK_FALSE(repeated.response.has_value());
  CHECK_FALSE(repeated.request.has_value());

  const auto answer = session->on_reply(long_reply(request.token, 100));
  repeated = session->on_request(sent, register_request());
  STRCMP_EQUAL(answer->response.payload.c_str(), responds(repeated, 2, 4).payload.c_str());
  // The same number with another token is another message.
  CoapEnvelope other = sent;
  other.token = {9};
  static_cast<void>(registers(session->on_request(other, register_request())));
}

TEST(CoapSession, SoManyMessagesAreKnownAgainAndNoMore) {
  const CoapEnvelope first = envelope();
  RegisterRequest request = registers(session->on_request(first, register_request()));
  static_cast<void>(session->on_reply(long_reply(request.token, 100)));
  for (std::size_t i = 1; i < kCoapRememberedMessages; ++i) {
    request = registers(send(register_request()));
    static_cast<void>(session->on_reply(long_reply(request.token, 100)));
  }
  static_cast<void>(responds(session->on_request(first, register_request()), 2, 4));
  request = registers(send(register_request()));
  static_cast<void>(session->on_reply(long_reply(request.token, 100)));
  static_cast<void>(registers(session->on_request(first, register_request())));
}

TEST(CoapSession, SoManyRequestsMayBeOpen) {
  std::vector<RegisterRequest> open;
  for (std::size_t i = 0; i < kMaxCoapRequests; ++i) {
    open.push_back(registers(send(register_request())));
  }
  const CoapResponse refusal = responds(send(register_request()), 5, 3);
  LONGS_EQUAL(kRetryAfter.count(), *refusal.max_age);
  CHECK_TRUE(session->on_reply(long_reply(open.front().token, 100)).has_value());
  static_cast<void>(registers(send(register_request())));
}

TEST(CoapSession, ABodyArrivesInBlocksOfAnySize) {
  for (std::uint8_t exponent = 0; exponent <= kMaxCoapBlockExponent; ++exponent) {
    const std::string body = "id " + std::string(100, 'a');
    const CoapOutput out = send_in_blocks(body, exponent);
    const RegisterRequest request = registers(out);
    STRCMP_EQUAL(std::string(100, 'a').c_str(), request.body.registration_id->c_str());
    const auto answer = session->on_reply(long_reply(request.token, 100));
    // The answer names the last block (RFC 7959 section 2.5).
    const std::size_t size = std::size_t{16} << exponent;
    const auto last = static_cast<std::uint32_t>((body.size() - 1) / size);
    CHECK_TRUE((*answer->response.block1 == CoapBlock{last, false, exponent}));
  }
}

TEST(CoapSession, ABodyInBlocksIsAsLongAsABodyMayBe) {
  const std::string longest = blank(protocol::kMaxDeviceBody);
  static_cast<void>(registers(send_in_blocks(longest, kMaxCoapBlockExponent)));

  const std::string longer = blank(protocol::kMaxDeviceBody + 1);
  const CoapResponse refusal = responds(send_in_blocks(longer, kMaxCoapBlockExponent), 4, 13);
  LONGS_EQUAL(protocol::kMaxDeviceBody, *refusal.size1);
  LONGS_EQUAL(kMaxCoapBuffered, budget.left());
}

TEST(CoapSession, ASizeThatIsTooLargeIsRefusedBeforeAnythingIsHeld) {
  CoapRequest request = block_of(blank(2000), 0, 6);
  request.size1 = static_cast<std::uint32_t>(protocol::kMaxDeviceBody);
  static_cast<void>(responds(send(request), 2, 31));
  LONGS_EQUAL(kMaxCoapBuffered - 1024, budget.left());
  request.size1 = static_cast<std::uint32_t>(protocol::kMaxDeviceBody) + 1;
  const CoapResponse refusal = responds(send(request), 4, 13);
  LONGS_EQUAL(protocol::kMaxDeviceBody, *refusal.size1);
  LONGS_EQUAL(kMaxCoapBuffered, budget.left());
}

TEST(CoapSession, ASizeThatIsALieCostsNothing) {
  CoapRequest request = block_of(blank(2000), 0, 0);
  request.size1 = static_cast<std::uint32_t>(protocol::kMaxDeviceBody);
  static_cast<void>(responds(send(request), 2, 31));
  LONGS_EQUAL(kMaxCoapBuffered - 16, budget.left());
}

TEST(CoapSession, ABlockOutOfOrderLosesTheBody) {
  const std::string body = blank(5000);
  // Without the first, past the next, before the one that was last.
  static_cast<void>(responds(send(block_of(body, 1, 6)), 4, 8));
  static_cast<void>(responds(send(block_of(body, 0, 6)), 2, 31));
  static_cast<void>(responds(send(block_of(body, 2, 6)), 4, 8));
  static_cast<void>(responds(send(block_of(body, 1, 6)), 4, 8));
  for (const std::uint32_t number : {0U, 1U, 2U}) {
    static_cast<void>(responds(send(block_of(body, number, 6)), 2, 31));
  }
  static_cast<void>(responds(send(block_of(body, 1, 6)), 4, 8));
  // A block far out: nothing is allocated for its place.
  static_cast<void>(responds(send(block_of(body, 0, 6)), 2, 31));
  CoapRequest far = block_of(body, 0, 6);
  far.block1->number = 0xFFFFF;
  static_cast<void>(responds(send(far), 4, 8));
  LONGS_EQUAL(kMaxCoapBuffered, budget.left());
  static_cast<void>(registers(send_in_blocks(body, 6)));
}

TEST(CoapSession, ABlockThatComesTwiceCountsOnce) {
  const std::string body = "id " + std::string(100, 'a');
  static_cast<void>(responds(send(block_of(body, 0, 1)), 2, 31));
  static_cast<void>(responds(send(block_of(body, 1, 1)), 2, 31));
  static_cast<void>(responds(send(block_of(body, 1, 1)), 2, 31));
  static_cast<void>(responds(send(block_of(body, 2, 1)), 2, 31));
  STRCMP_EQUAL(std::string(100, 'a').c_str(),
               registers(send(block_of(body, 3, 1))).body.registration_id->c_str());
}

TEST(CoapSession, ABlockHasTheSizeThatItNames) {
  const std::string body = blank(5000);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1023}, std::size_t{1025}}) {
    CoapRequest request = block_of(body, 0, 6);
    request.payload = blank(size);
    static_cast<void>(responds(send(request), 4, 0));
  }
  CoapRequest last = block_of(body, 0, 6);
  last.block1->more = false;
  last.payload = blank(1025);
  static_cast<void>(responds(send(last), 4, 0));
  CoapRequest reserved = block_of(body, 0, 6);
  reserved.block1->size_exponent = 7;
  static_cast<void>(responds(send(reserved), 4, 0));
  reserved = register_request();
  reserved.block2 = CoapBlock{0, false, 7};
  static_cast<void>(responds(send(reserved), 4, 0));
}

TEST(CoapSession, ABlockOfAnotherRequestDoesNotFit) {
  const std::string body = blank(5000);
  static_cast<void>(responds(send(block_of(body, 0, 6)), 2, 31));
  CoapRequest other = block_of(body, 1, 6);
  other.path[2] = "dev-2";
  static_cast<void>(responds(send(other), 4, 8));
}

TEST(CoapSession, TheFormatIsThatOfTheFirstBlock) {
  const std::string body = blank(50);
  CoapRequest first = block_of(body, 0, 1);
  first.content_format = 60;
  static_cast<void>(responds(send(first), 2, 31));
  static_cast<void>(responds(send(block_of(body, 1, 1)), 4, 15));
}

TEST(CoapSession, UnfinishedBodiesOfAllSessionsAreBoundedTogether) {
  const std::string body = blank(protocol::kMaxDeviceBody);
  std::vector<std::unique_ptr<CoapSession>> sessions;
  const CoapBlock first{0, true, 6};
  CHECK_TRUE(budget.take(kMaxCoapBuffered - 2 * first.size()));
  for (int i = 0; i < 2; ++i) {
    sessions.push_back(open_session());
    static_cast<void>(
        responds(sessions.back()->on_request(envelope(), block_of(body, 0, 6)), 2, 31));
  }
  const CoapResponse refusal = responds(send(block_of(body, 0, 6)), 5, 3);
  LONGS_EQUAL(kRetryAfter.count(), *refusal.max_age);
  sessions.pop_back();
  static_cast<void>(responds(send(block_of(body, 0, 6)), 2, 31));
  sessions.clear();
  budget.give(kMaxCoapBuffered - 2 * first.size());
}

TEST(CoapSession, AnUnfinishedBodyIsLetGo) {
  const std::string body = blank(5000);
  static_cast<void>(responds(send(block_of(body, 0, 6)), 2, 31));
  clock.advance(kCoapTransferDeadline - std::chrono::seconds{1});
  session->on_time();
  static_cast<void>(responds(send(block_of(body, 1, 6)), 2, 31));
  clock.advance(std::chrono::seconds{1});
  session->on_time();
  LONGS_EQUAL(kMaxCoapBuffered, budget.left());
  static_cast<void>(responds(send(block_of(body, 2, 6)), 4, 8));
}

TEST(CoapSession, ALongAnswerIsGivenInBlocks) {
  const RegisterRequest request = registers(send(register_request()));
  const auto answer = session->on_reply(long_reply(request.token, 2500));
  CHECK_TRUE((*answer->response.block2 == CoapBlock{0, true, 6}));
  LONGS_EQUAL(2500, *answer->response.size2);
  LONGS_EQUAL(3, *answer->response.max_age);
  std::string whole = answer->response.payload;
  LONGS_EQUAL(1024, whole.size());
  for (std::uint32_t number = 1; number <= 2; ++number) {
    const CoapResponse part = responds(send(asks_for(number, 6)), 2, 4);
    CHECK_TRUE((*part.block2 == CoapBlock{number, number < 2, 6}));
    whole += part.payload;
  }
  LONGS_EQUAL(2500, whole.size());
  // Once more, in smaller blocks; then past the end.
  LONGS_EQUAL(16, responds(send(asks_for(3, 0)), 2, 4).payload.size());
  static_cast<void>(responds(send(asks_for(3, 6)), 4, 0));
}

TEST(CoapSession, AnAnswerOfOneBlockIsNotCut) {
  const RegisterRequest request = registers(send(register_request()));
  const auto whole = session->on_reply(long_reply(request.token, 1024));
  CHECK_FALSE(whole->response.block2.has_value());
  const RegisterRequest again = registers(send(register_request()));
  CHECK_TRUE(session->on_reply(long_reply(again.token, 1025))->response.block2->more);
}

TEST(CoapSession, ADeviceMayAskForSmallerBlocksAtOnce) {
  const RegisterRequest request = registers(send(asks_for(0, 2)));
  const auto answer = session->on_reply(long_reply(request.token, 100));
  CHECK_TRUE((*answer->response.block2 == CoapBlock{0, true, 2}));
  LONGS_EQUAL(64, answer->response.payload.size());
  // A refusal is cut too.
  CoapRequest refused = asks_for(0, 0);
  refused.content_format = 60;
  LONGS_EQUAL(16, responds(send(refused), 4, 15).payload.size());
}

TEST(CoapSession, TheRestOfAnAnswerIsForItsOwnRequestAndForAWhile) {
  RegisterRequest request = registers(send(register_request()));
  static_cast<void>(session->on_reply(long_reply(request.token, 2500)));
  CoapRequest other = asks_for(1, 6);
  other.path[2] = "dev-2";
  static_cast<void>(responds(send(other), 4, 8));
  static_cast<void>(responds(send(asks_for(1, 6)), 2, 4));
  clock.advance(kCoapTransferDeadline);
  session->on_time();
  static_cast<void>(responds(send(asks_for(1, 6)), 4, 8));
}

TEST(CoapSession, AnAnswerThatCannotBeHeldIsARefusal) {
  CHECK_TRUE(budget.take(kMaxCoapBuffered - 1000));
  const RegisterRequest request = registers(send(register_request()));
  const auto answer = session->on_reply(long_reply(request.token, 1025));
  CHECK_TRUE(answer->response.code == kCoapUnavailable);
  LONGS_EQUAL(kRetryAfter.count(), *answer->response.max_age);
  budget.give(kMaxCoapBuffered - 1000);
}
