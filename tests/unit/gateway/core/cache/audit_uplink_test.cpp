// The session as a whole is tested with both sides, in tests/unit/coordinator/sync.
#include "gateway/core/cache/audit_uplink.hpp"

#include <memory>
#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/assert.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/crypto/openssl/certificate_authority.hpp"
#include "shared/store/audited_store.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_entropy.hpp"
#include "tests/support/memory_store.hpp"

using namespace berth;
using namespace berth::gateway;

namespace {

const domain::GatewayId kGateway("gw-1");
constexpr const char* kCoordinator = "coordinator-1";

template <class T>
T must(Result<T> result) {
  BERTH_ASSERT(result.has_value());
  return std::move(result).value();
}

}  // namespace

TEST_GROUP(AuditUplink) {
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  std::unique_ptr<ports::CertificateAuthority> x509 = crypto::make_certificate_authority();
  berth::testing::FakeClock clock;
  berth::testing::FakeEntropy entropy;
  berth::testing::MemoryStore store;
  store::AuditTrail trail{kGateway.str(), *crypto, clock, entropy};
  store::AuditedStore audited{store, trail};
  AuditUplink uplink{kGateway, store, *crypto, clock, entropy};
  ports::KeyPair ca_key = must(x509->generate_p256());
  ports::KeyPair key = must(x509->generate_p256());
  Bytes ca = issue("the CA", ca_key, true, std::nullopt);

  void setup() override {
    CHECK(store.create_tenant(store::kNode).has_value());
    uplink.set_identity({key.private_key, issue("gw-1", key, false, ca), ca});
  }
  Bytes issue(const std::string& name, const ports::KeyPair& of, bool is_ca,
              const std::optional<Bytes>& issuer) {
    ports::CertificateRequest request;
    request.common_name = name;
    request.public_key = of.public_key;
    request.not_before = clock.wall();
    request.not_after = clock.wall() + std::chrono::hours(24);
    request.is_ca = is_ca;
    return must(x509->issue(request, issuer, ca_key.private_key));
  }
  void decide(const std::string& text, std::size_t size = 0) {
    store::ChangeSet set;
    set.tenant = store::kNode;
    domain::AuditNote note;
    note.kind = "assigned";
    note.add("text", text).add("more", std::string(size, 'x'));
    set.notes.push_back(std::move(note));
    CHECK(store::commit_one(audited, std::move(set)).has_value());
  }
  void acknowledge(std::uint64_t through) {
    const sync::AuditAck ack{kGateway.str(), through, false};
    CHECK(store::commit_one(store, must(uplink.taken(ack, store))).has_value());
    uplink.acknowledged(ack);
  }
  domain::AuditSeal head_of_coordinator(std::uint64_t sequence, std::uint8_t fill = 1) {
    domain::AuditSeal seal;
    seal.chain = kCoordinator;
    seal.position.sequence = sequence;
    seal.position.hash.fill(fill);
    seal.signer = kCoordinator;
    seal.signed_at = clock.wall();
    seal.signature = must(crypto->sign_p256(ca_key.private_key, domain::seal_statement(seal)));
    return seal;
  }
  AuditUplink::Answer answer(const domain::AuditSeal& seal) {
    auto answered = must(uplink.sealed(seal));
    CHECK(store::commit_one(store, answered.kept).has_value());
    return answered;
  }
};

TEST(AuditUplink, SendsNothingWhereNothingWasDecided) {
  CHECK_FALSE(must(uplink.next_segments()).has_value());
  CHECK_FALSE(must(uplink.next_seal()).has_value());
}

TEST(AuditUplink, SendsNoMoreBeforeWhatItSentIsTaken) {
  decide("a");
  CHECK_EQUAL(1, must(uplink.next_segments())->segments.size());
  decide("b");
  CHECK_FALSE(must(uplink.next_segments()).has_value());
  acknowledge(1);
  CHECK_EQUAL(2, must(uplink.next_segments())->segments.front().number);
}

TEST(AuditUplink, SendsAgainInAnotherSession) {
  decide("a");
  CHECK_TRUE(must(uplink.next_segments()).has_value());
  uplink.restart();
  CHECK_EQUAL(1, must(uplink.next_segments())->segments.front().number);
}

TEST(AuditUplink, KeepsAFrameWithinItsBudget) {
  for (int i = 0; i < 20; ++i) decide("a", domain::kMaxAuditValue);
  const auto first = must(uplink.next_segments());
  CHECK_TRUE(first->segments.size() < 20);
  CHECK_TRUE(sync::encode_frame(*first).size() <= sync::kMaxFrame);
  std::size_t sent = first->segments.size();
  while (sent < 20) {
    acknowledge(sent);
    sent += must(uplink.next_segments())->segments.size();
  }
  CHECK_EQUAL(20, sent);
}

TEST(AuditUplink, SealsItsHeadOnceAllIsTaken) {
  decide("a");
  CHECK_TRUE(must(uplink.next_segments()).has_value());
  CHECK_FALSE(must(uplink.next_seal()).has_value());
  acknowledge(1);
  const auto seal = must(uplink.next_seal());
  CHECK_EQUAL(1, seal->position.sequence);
  const auto parsed = must(crypto->parse_certificate(ca));
  CHECK_TRUE(domain::check_seal(*seal, parsed, *crypto).has_value());
  CHECK_FALSE(must(uplink.next_seal()).has_value());
}

TEST(AuditUplink, SealsNoOftenerThanItsInterval) {
  decide("a");
  CHECK_TRUE(must(uplink.next_segments()).has_value());
  acknowledge(1);
  CHECK_TRUE(must(uplink.next_seal()).has_value());
  decide("b");
  CHECK_TRUE(must(uplink.next_segments()).has_value());
  acknowledge(2);
  clock.advance(kSealInterval - std::chrono::seconds(1));
  CHECK_FALSE(must(uplink.next_seal()).has_value());
  clock.advance(std::chrono::seconds(1));
  CHECK_EQUAL(2, must(uplink.next_seal())->position.sequence);
}

TEST(AuditUplink, CountersignsALogThatGrows) {
  CHECK_EQUAL(5, answer(head_of_coordinator(5)).countersignature->position.sequence);
  CHECK_EQUAL(5, answer(head_of_coordinator(5)).countersignature->position.sequence);
  CHECK_EQUAL(9, answer(head_of_coordinator(9, 2)).countersignature->position.sequence);
}

TEST(AuditUplink, AnswersALogThatWentBackWithWhatItSigned) {
  answer(head_of_coordinator(5));
  const auto answered = answer(head_of_coordinator(4));
  CHECK_FALSE(answered.alarm.empty());
  CHECK_EQUAL(5, answered.countersignature->position.sequence);
}

TEST(AuditUplink, SendsTheCoordinatorsOwnSealWithWhatStandsUnderIt) {
  const domain::AuditSeal seal = head_of_coordinator(5);
  for (const auto& answered : {answer(seal), answer(head_of_coordinator(4))}) {
    CHECK_TRUE(domain::encode_seal(*answered.countersigned) == domain::encode_seal(seal));
    CHECK_TRUE(answered.countersigned->position == answered.countersignature->position);
  }
}

TEST(AuditUplink, AnswersALogWithAnotherEntryWithWhatItSigned) {
  answer(head_of_coordinator(5, 1));
  const auto answered = answer(head_of_coordinator(5, 2));
  CHECK_FALSE(answered.alarm.empty());
  CHECK_EQUAL(1, answered.countersignature->position.hash[0]);
}

TEST(AuditUplink, CountersignsNothingThatTheCoordinatorDidNotSeal) {
  domain::AuditSeal seal = head_of_coordinator(5);
  ++seal.position.sequence;
  const auto answered = answer(seal);
  CHECK_FALSE(answered.alarm.empty());
  CHECK_FALSE(answered.countersignature.has_value());
}

TEST(AuditUplink, CountersignsNothingForAnotherGateway) {
  domain::AuditSeal seal = head_of_coordinator(5);
  seal.certificate = issue(kCoordinator, key, false, ca);
  seal.signature = must(crypto->sign_p256(key.private_key, domain::seal_statement(seal)));
  const auto answered = answer(seal);
  CHECK_FALSE(answered.alarm.empty());
  CHECK_FALSE(answered.countersignature.has_value());
}

TEST(AuditUplink, SignsNothingBeforeItHasAnIdentity) {
  AuditUplink nobody{kGateway, store, *crypto, clock, entropy};
  decide("a");
  CHECK_FALSE(must(nobody.next_seal()).has_value());
  CHECK_FALSE(must(nobody.sealed(head_of_coordinator(5))).countersignature.has_value());
}

TEST(AuditUplink, BeginsAnotherLogWhereTheCoordinatorHoldsADifferentOne) {
  decide("a");
  CHECK_TRUE(must(uplink.next_segments()).has_value());
  const sync::AuditAck ack{kGateway.str(), 0, true};
  CHECK(store::commit_one(store, must(uplink.taken(ack, store))).has_value());
  uplink.acknowledged(ack);
  const auto again = must(uplink.next_segments());
  STRCMP_EQUAL("gw-1~2", again->chain.c_str());
  const auto segment = must(domain::decode_segment(again->segments.front().body));
  CHECK_EQUAL(2, segment.entries.size());
}

TEST(AuditUplink, HeedsNoAcknowledgementOfALogThatItLeft) {
  decide("a");
  CHECK_TRUE(must(uplink.taken({"gw-1~7", 1, false}, store)).changes.empty());
}
