#include "gateway/core/registration/refusals.hpp"

#include "gateway/core/limits.hpp"
#include "tests/unit/gateway/core/registration/engine_bench.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

TEST_GROUP(Refusals) {
  EngineBench bench;
  EnginePorts ports{bench.cache,  bench.admission, bench.link,   bench.probe,
                    bench.crypto, bench.clock,     bench.entropy};
  Refusals refusals{bench.settings, ports};
  PendingRequest pending;
  Actions out;

  void setup() override {
    pending.tenant = bench.cache.scope;
    pending.registration_id = rid("dev-1");
    gateway::Claim claim = bench.claim("dev-1");
    claim.registration_id = "dev-1\n";
    pending.request = RegisterRequest{4, claim, {}};
    domain::add_check(pending.decision, "proof", domain::CheckResult::failed);
  }
  template <class T>
  std::vector<T> all() {
    std::vector<T> found;
    for (const Action& action : out) {
      if (const T* one = std::get_if<T>(&action)) found.push_back(*one);
    }
    return found;
  }
};

TEST(Refusals, TellTheDeviceACodeAndTheInstallerTheReason) {
  refusals.refuse(pending, Error{Errc::unauthorized, "a wrong key"}, std::nullopt, true, out);
  const auto replies = all<SendReply>();
  LONGS_EQUAL(1, replies.size());
  LONGS_EQUAL(4, replies[0].reply.token);
  const auto& told = std::get<Refusal>(replies[0].reply.content);
  CHECK_TRUE(told.code == Errc::unauthorized);
  const auto logged = all<Log>();
  STRCMP_EQUAL("a wrong key", logged[0].text.c_str());
  STRCMP_EQUAL("dev-1?", logged[0].registration_id.c_str());
  STRCMP_EQUAL(told.tracking_id.c_str(), logged[0].tracking_id.c_str());
}

TEST(Refusals, AreRecordedWithTheirTraceBesideWhatIsKnownAndOnlyThere) {
  refusals.refuse(pending, Error{Errc::unauthorized, "a wrong key"}, std::nullopt, false, out);
  LONGS_EQUAL(0, all<RecordAttempt>().size());
  refusals.refuse(pending, Error{Errc::unauthorized, "a wrong key"}, std::nullopt, true, out);
  const auto recorded = all<RecordAttempt>();
  LONGS_EQUAL(1, recorded.size());
  CHECK_TRUE(recorded[0].entry.registration.last_attempt->decision == pending.decision);
}

TEST(Refusals, SetNoPaceForTheDisk) {
  for (int i = 0; i < kMaxRecordedAttempts + 5; ++i) {
    refusals.refuse(pending, Error{Errc::unauthorized, "no"}, std::nullopt, true, out);
  }
  LONGS_EQUAL(kMaxRecordedAttempts, all<RecordAttempt>().size());
  bench.clock.advance(std::chrono::seconds{1});
  refusals.refuse(pending, Error{Errc::unauthorized, "no"}, std::nullopt, true, out);
  LONGS_EQUAL(kMaxRecordedAttempts + 1, all<RecordAttempt>().size());
}
