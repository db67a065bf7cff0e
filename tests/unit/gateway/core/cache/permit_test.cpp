#include "gateway/core/cache/permit.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/crypto/openssl/certificate_authority.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_store.hpp"

using namespace berth;
using namespace berth::testing;
using gateway::Acquaintance;
using gateway::Contact;
using store::Table;

namespace {

const domain::IdScope kTenant("0ne00000001");
const domain::GatewayId kGateway("gw-1");

}  // namespace

TEST_GROUP(Permit) {
  FakeClock clock;
  MemoryStore store;
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  ports::KeyPair ca = crypto::make_certificate_authority()->generate_p256().value();
  gateway::TrustedTime time{clock, {}};
  gateway::PermitBook book{store, time};

  void setup() override {
    CHECK_TRUE(store.create_tenant(kTenant).has_value());
  }

  domain::Permit permit(std::uint64_t serial = 7) {
    domain::Permit made;
    made.gateway_id = kGateway;
    made.id_scope = kTenant;
    made.serial = serial;
    made.issued = clock.wall();
    made.expiry = clock.wall() + std::chrono::days{7};
    made.new_device_quota = 2;
    return made;
  }
  sync::PermitGrant grant(const domain::Permit& permit) {
    sync::PermitGrant made;
    made.tenant = kTenant;
    made.permit.body = sync::encode(permit);
    made.permit.signature = crypto->sign_p256(ca.private_key, made.permit.body).value();
    return made;
  }
  void take(const domain::Permit& made) {
    auto set = gateway::take_permit(store, grant(made), ca.public_key, kGateway, *crypto);
    CHECK_TRUE(set.has_value());
    if (!set->changes.empty()) CHECK_TRUE(store::commit_one(store, *set).has_value());
  }
  void accept_one() {
    store::ChangeSet set;
    set.tenant = kTenant;
    set.changes.push_back(book.count_new_device(store, kTenant).value());
    CHECK_TRUE(store::commit_one(store, set).has_value());
  }
  bool admits(Acquaintance device, Contact contact = Contact::alone) {
    return book.admit(kTenant, device, contact).has_value();
  }
};

TEST(Permit, IsNeededForAnything) {
  CHECK_FALSE(admits(Acquaintance::unseen));
  CHECK_FALSE(admits(Acquaintance::returning));
  CHECK_TRUE(book.admit(kTenant, Acquaintance::unseen, Contact::confirmed).error().code ==
             Errc::unavailable);
}

TEST(Permit, AdmitsUntilItExpiresAndNotAfter) {
  take(permit());
  UNSIGNED_LONGLONGS_EQUAL(7, book.admit(kTenant, Acquaintance::unseen, Contact::alone).value());
  clock.advance(std::chrono::days{7});
  CHECK_TRUE(admits(Acquaintance::unseen));
  clock.advance(std::chrono::microseconds{1});
  CHECK_FALSE(admits(Acquaintance::unseen));
  CHECK_FALSE(admits(Acquaintance::unseen, Contact::confirmed));
  CHECK_FALSE(book.may_continue(kTenant, Acquaintance::unseen).has_value());
}

TEST(Permit, DecidesWhetherReturningDevicesAreServedAfterItsExpiry) {
  take(permit());
  clock.advance(std::chrono::days{8});
  CHECK_TRUE(admits(Acquaintance::returning));
  CHECK_TRUE(book.may_continue(kTenant, Acquaintance::returning).has_value());
  auto strict = permit(8);
  strict.expiry = clock.wall() - std::chrono::seconds{1};
  strict.returning_after_expiry = domain::ReturningDeviceRule::refuse;
  take(strict);
  CHECK_FALSE(admits(Acquaintance::returning));
}

TEST(Permit, CountsNewDevicesWhileAlone) {
  take(permit());
  accept_one();
  CHECK_TRUE(admits(Acquaintance::unseen));
  accept_one();
  CHECK_FALSE(admits(Acquaintance::unseen));
  CHECK_TRUE(admits(Acquaintance::unseen, Contact::confirmed));
  CHECK_TRUE(admits(Acquaintance::returning));
  // The next permit begins anew.
  take(permit(8));
  CHECK_TRUE(admits(Acquaintance::unseen));
}

TEST(Permit, StopsNewDevicesWhileTheClockIsBehind) {
  take(permit());
  clock.set_wall(clock.wall() - std::chrono::days{3});
  CHECK_FALSE(admits(Acquaintance::unseen));
  CHECK_FALSE(admits(Acquaintance::unseen, Contact::confirmed));
  CHECK_TRUE(admits(Acquaintance::returning));
}

TEST(Permit, IsNotStretchedByAClockSetBack) {
  take(permit());
  clock.advance(std::chrono::days{8});
  clock.set_wall(clock.wall() - std::chrono::days{5});
  CHECK_FALSE(book.may_continue(kTenant, Acquaintance::unseen).has_value());
}

TEST(Permit, OfAnOlderSerialIsPassedOver) {
  take(permit(7));
  auto older = permit(6);
  older.expiry += std::chrono::days{100};
  take(older);
  UNSIGNED_LONGLONGS_EQUAL(7, book.facts(store, kTenant)->permit->serial);
}

TEST(Permit, MustBeTheCoordinatorsAndOurs) {
  const auto verdict = [this](const sync::PermitGrant& made) {
    return gateway::take_permit(store, made, ca.public_key, kGateway, *crypto);
  };
  auto forged = grant(permit());
  forged.permit.body.back() = static_cast<std::uint8_t>(forged.permit.body.back() ^ 1U);
  CHECK_TRUE(verdict(forged).error().code == Errc::unauthorized);

  auto of_another = permit();
  of_another.gateway_id = domain::GatewayId("gw-2");
  CHECK_TRUE(verdict(grant(of_another)).error().code == Errc::unauthorized);

  auto of_another_tenant = permit();
  of_another_tenant.id_scope = domain::IdScope("0ne00000002");
  CHECK_TRUE(verdict(grant(of_another_tenant)).error().code == Errc::unauthorized);
  CHECK_FALSE(store.read(kTenant, Table::permit, gateway::kPermitId)->has_value());
}

TEST(Permit, ComesWithTokensThatReplaceTheOldOnes) {
  const auto tokens = [](const std::string& hub) {
    sync::HubTokens made;
    made.tenant = kTenant;
    made.tokens = {{domain::HubId(hub), SecretBytes::copy_of(as_bytes("sas")), {}}};
    return made;
  };
  CHECK_TRUE(store::commit_one(store, gateway::take_hub_tokens(store, tokens("hub-1")).value())
                 .has_value());
  CHECK_TRUE(store::commit_one(store, gateway::take_hub_tokens(store, tokens("hub-2")).value())
                 .has_value());
  CHECK_FALSE(store.read(kTenant, Table::hub_token, "hub-1")->has_value());
  CHECK_TRUE(store.read(kTenant, Table::hub_token, "hub-2")->has_value());
}
