#include "tools/hub/access.hpp"

#include <array>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/protocol/sas_token.hpp"
#include "tests/support/fake_clock.hpp"

using namespace berth;
using namespace berth::hub_server;

TEST_GROUP(Access) {
  std::unique_ptr<ports::Crypto> crypto_ = crypto::make_mbedtls_crypto();
  testing::FakeClock clock_;
  SecretBytes key_{to_bytes("0123456789abcdef")};
  Access access_{{"hub-a", "127.0.0.3"},
                 {{"owner", key_, {Right::registry_write, Right::service_connect}},
                  {"reader", key_, {Right::registry_read}}},
                 *crypto_};

  std::string token(const std::string& resource, const std::string& policy, int seconds = 60) {
    return protocol::make_sas_token(resource, key_, unix_seconds(clock_.wall()) + seconds, policy,
                                    *crypto_);
  }
  bool allows(const std::string& authorization, Right right, const std::string& path = "/devices") {
    const std::array rights{right};
    return access_.check(authorization, path, rights, clock_.wall()).has_value();
  }
};

TEST(Access, TakesATokenForTheHubsNameOrAddress) {
  CHECK_TRUE(allows(token("hub-a", "owner"), Right::registry_write));
  CHECK_TRUE(allows(token("HUB-A", "owner"), Right::registry_write));
  CHECK_TRUE(allows(token("127.0.0.3", "owner"), Right::service_connect));
}

TEST(Access, TakesATokenForAPathAboveTheRequests) {
  CHECK_TRUE(allows(token("hub-a/devices", "owner"), Right::registry_read, "/devices/d1"));
  CHECK_FALSE(allows(token("hub-a/dev", "owner"), Right::registry_read, "/devices/d1"));
}

TEST(Access, RefusesATokenForAnotherHub) {
  CHECK_FALSE(allows(token("hub-b", "owner"), Right::registry_read));
}

TEST(Access, RefusesARightThatThePolicyLacks) {
  CHECK_TRUE(allows(token("hub-a", "reader"), Right::registry_read));
  CHECK_FALSE(allows(token("hub-a", "reader"), Right::registry_write));
  CHECK_FALSE(allows(token("hub-a", "reader"), Right::service_connect));
}

TEST(Access, ReadsWithTheRightToWrite) {
  CHECK_TRUE(allows(token("hub-a", "owner"), Right::registry_read));
}

TEST(Access, RefusesAnUnknownPolicyAndNone) {
  CHECK_FALSE(allows(token("hub-a", "stranger"), Right::registry_read));
  CHECK_FALSE(allows(token("hub-a", ""), Right::registry_read));
}

TEST(Access, RefusesASignatureByAnotherKey) {
  key_ = SecretBytes(to_bytes("fedcba9876543210"));
  CHECK_FALSE(allows(token("hub-a", "owner"), Right::registry_read));
}

TEST(Access, RefusesAnExpiredTokenBeyondTheSkewOfClocks) {
  CHECK_TRUE(allows(token("hub-a", "owner", -200), Right::registry_read));
  CHECK_FALSE(allows(token("hub-a", "owner", -400), Right::registry_read));
}

TEST(Access, RefusesWhatIsNoToken) {
  CHECK_FALSE(allows("", Right::registry_read));
  CHECK_FALSE(allows("Bearer abc", Right::registry_read));
}
