#include "gateway/linux/identity.hpp"

#include <CppUTest/TestHarness.h>
#include <boost/asio/ip/tcp.hpp>

#include "gateway/core/limits.hpp"
#include "shared/crypto/openssl/certificate_authority.hpp"
#include "shared/json/join_json.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "tests/support/fake_crypto.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/unit/gateway/linux/plain_tls.hpp"
#include "tests/unit/gateway/linux/stalled_tls.hpp"

using namespace berth;
using namespace berth::testing;

TEST_GROUP(Identity) {
  Loop loop_;
  MemoryStore store_;
  FakeCrypto crypto_;
  PlainTls tls_;
  std::unique_ptr<ports::CertificateAuthority> x509_ = crypto::make_certificate_authority();

  void setup() override {
    CHECK(store_.create_tenant(store::kNode).has_value());
  }

  Result<gateway::GatewayIdentity> join(const std::string& token) {
    gateway::JoinPorts ports{store_, *x509_, crypto_, tls_};
    return loop_.run(gateway::join(loop_.executor(), token, "", 0, ports));
  }
  static std::string token_for(const std::string& url) {
    protocol::JoinToken token;
    token.url = url;
    token.gateway_id = domain::GatewayId("0123456789abcdef0123456789abcdef");
    token.ca_fingerprint = Bytes(32, 1);
    token.secret = SecretBytes::copy_of(Bytes(32, 7));
    return json::write_join_token(token);
  }
  Result<gateway::GatewayIdentity> join_at(const std::string& url) {
    return join(token_for(url));
  }
  // The key that was made for the join, if one was.
  bool has_key() {
    return gateway::load_node(store_, gateway::kIdentityId).value().has_value();
  }
};

TEST(Identity, ThereIsNoneBeforeJoining) {
  CHECK_FALSE(gateway::load_identity(store_)->has_value());
}

TEST(Identity, AKeyWithoutAnAnswerIsNoIdentity) {
  domain::NodeIdentity node;
  node.node_id = "gw";
  CHECK(gateway::save_node(store_, gateway::kIdentityId, node).has_value());
  CHECK_FALSE(gateway::load_identity(store_)->has_value());
}

TEST(Identity, ShowsItsCertificateWithTheCaBehindIt) {
  domain::NodeIdentity node;
  node.certificate = Bytes{1};
  node.ca_certificate = Bytes{2};
  CHECK(gateway::tls_identity(node).chain == (std::vector<Bytes>{{1}, {2}}));
}

TEST(Identity, ShowsACertificateAloneThatCameAlone) {
  domain::NodeIdentity node;
  node.certificate = Bytes{1};
  CHECK(gateway::tls_identity(node).chain == (std::vector<Bytes>{{1}}));
}

TEST(Identity, RefusesATokenThatIsNone) {
  CHECK(join("berth1.???").error().code == Errc::malformed);
  CHECK(join("").error().code == Errc::malformed);
  CHECK_FALSE(has_key());
}

TEST(Identity, RefusesATokenWithoutAnAddress) {
  for (const char* url : {"http://coordinator.example", "https://", "https://:443", "https://h:x",
                          "https://h:70000", "https://h:"}) {
    const auto joined = join_at(url);
    CHECK_TEXT(!joined && joined.error().code == Errc::malformed, url);
  }
  CHECK_FALSE(has_key());
}

TEST(Identity, GivesACoordinatorThatSaysNothingItsTimeAndNoMore) {
  boost::asio::ip::tcp::acceptor silent(loop_.io(), {boost::asio::ip::address_v4::loopback(), 0});
  StalledTls stalled;
  gateway::JoinPorts ports{store_, *x509_, crypto_, stalled};
  CHECK(ports.patience == gateway::kJoinTimeout);
  ports.patience = std::chrono::milliseconds{100};
  const std::string url = "https://127.0.0.1:" + std::to_string(silent.local_endpoint().port());
  const auto begin = std::chrono::steady_clock::now();
  const auto joined = loop_.run(gateway::join(loop_.executor(), token_for(url), "", 0, ports));
  CHECK(joined.error().code == Errc::timed_out);
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took >= std::chrono::milliseconds{90} && took < gateway::kJoinTimeout);
}

TEST(Identity, KeepsItsKeyOverAJoinThatFailed) {
  // Port 1 of loopback: nobody listens there.
  CHECK(join_at("https://127.0.0.1:1").error().code == Errc::unavailable);
  const auto first = gateway::load_node(store_, gateway::kIdentityId).value();
  CHECK(first.has_value());
  CHECK(join_at("https://[::1]:1").error().code == Errc::unavailable);
  const auto second = gateway::load_node(store_, gateway::kIdentityId).value();
  CHECK(first->private_key == second->private_key);
}
