#include "gateway/core/registration/claim.hpp"

#include "tests/unit/gateway/core/registration/engine_bench.hpp"

using namespace berth;
using namespace berth::gateway;
using namespace berth::testing;

TEST_GROUP(Claim) {
  EngineBench bench;
  PendingRequest pending;

  void setup() override {
    bench.cache.put(individual("dev-1"));
  }
  Result<void> read(gateway::Claim claim, protocol::RegisterBody body = {}) {
    pending = {};
    pending.request = RegisterRequest{0, std::move(claim), std::move(body)};
    return read_claim(bench.cache, bench.crypto, pending);
  }
  domain::Verdict match() {
    return match_claim(bench.cache, bench.crypto, {}, kNow, {}, {}, pending);
  }
};

TEST(Claim, IsReadIntoTenantIdAndEvidence) {
  CHECK_TRUE(read(bench.claim("Dev-1")).has_value());
  CHECK_TRUE(pending.tenant == bench.cache.scope);
  STRCMP_EQUAL("Dev-1", pending.registration_id.str().c_str());
  CHECK_TRUE(pending.evidence.token.has_value());
}

TEST(Claim, IsRefusedBeforeAnythingIsLookedUp) {
  gateway::Claim elsewhere = bench.claim("dev-1");
  elsewhere.id_scope = "0ne00000000";
  CHECK_TRUE(read(elsewhere).error().code == Errc::unauthorized);
  gateway::Claim nameless = bench.claim("dev-1");
  nameless.registration_id = "no such/id";
  CHECK_TRUE(read(nameless).error().code == Errc::invalid);
  protocol::RegisterBody other;
  other.registration_id = "dev-2";
  CHECK_TRUE(read(bench.claim("dev-1"), other).error().code == Errc::invalid);
  protocol::RegisterBody request;
  request.has_csr = true;
  CHECK_TRUE(read(bench.claim("dev-1"), request).error().code == Errc::unsupported);
}

TEST(Claim, IsMatchedWithATraceOfEachCheck) {
  CHECK_TRUE(read(bench.claim("dev-1")).has_value());
  CHECK_TRUE(std::holds_alternative<domain::Attested>(match()));
  CHECK_TRUE(pending.evidence.token.has_value());
  const auto& checks = pending.decision.checks;
  LONGS_EQUAL(5, checks.size());
  for (const auto& check : checks) CHECK_TRUE(check.result == domain::CheckResult::passed);
  STRCMP_EQUAL("individual enrollment", checks[2].name.c_str());
  STRCMP_EQUAL("individual enrollment dev-1 names this ID", checks[2].text.c_str());
  STRCMP_EQUAL("proof", checks[4].name.c_str());
}

TEST(Claim, TellsWhereAMatchFailedAndNothingOfTheSecret) {
  CHECK_TRUE(read(bench.claim("dev-1", key(77))).has_value());
  CHECK_TRUE(std::holds_alternative<domain::Refusal>(match()));
  STRCMP_EQUAL("proof", pending.decision.checks.back().name.c_str());
  CHECK_TRUE(pending.decision.checks.back().result == domain::CheckResult::failed);
  STRCMP_EQUAL("SAS signature fits neither primary nor secondary key",
               pending.decision.checks.back().text.c_str());

  auto record = individual("dev-1");
  record.provisioning.status = domain::ProvisioningStatus::disabled;
  bench.cache.put(record);
  CHECK_TRUE(read(bench.claim("dev-1")).has_value());
  CHECK_TRUE(std::holds_alternative<domain::Refusal>(match()));
  const auto& checks = pending.decision.checks;
  STRCMP_EQUAL("enrollment enabled", checks[checks.size() - 2].name.c_str());
  CHECK_TRUE(checks[checks.size() - 2].result == domain::CheckResult::failed);
  STRCMP_EQUAL("proof", checks.back().name.c_str());
  CHECK_TRUE(checks.back().result == domain::CheckResult::not_reached);
}
