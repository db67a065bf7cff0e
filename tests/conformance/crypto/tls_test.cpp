// The rules of shared/ports/tls_engine.hpp, between two of our engines.
#include <array>
#include <string>
#include <thread>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "tests/conformance/crypto/backend.hpp"
#include "tests/conformance/crypto/tls_pair.hpp"
#include "tests/support/test_pki.hpp"

namespace berth {
namespace {

using ports::TlsContext;
using ports::TlsStatus;
using testing::PkiNode;
using testing::TlsPair;

constexpr WallTime kLongAgo{std::chrono::seconds{1'000'000'000}};  // 2001
constexpr WallTime kLessLongAgo{std::chrono::seconds{1'100'000'000}};
constexpr WallTime kFarAhead{std::chrono::seconds{4'000'000'000}};  // 2096
constexpr WallTime kFartherAhead{std::chrono::seconds{4'100'000'000}};

const std::string kHost = "gateway.example.com";

ports::TlsServerSettings serving(const PkiNode& node) {
  ports::TlsServerSettings settings;
  settings.identity = node.identity();
  return settings;
}

TEST_GROUP(TlsEngines) {
  std::unique_ptr<ports::TlsLibrary> server_library = testing::make_tls_for_server();
  std::unique_ptr<ports::TlsLibrary> client_library = testing::make_tls_for_client();
  PkiNode root = testing::make_root({.common_name = "Site root"});
  PkiNode gateway = testing::make_leaf(root, {.common_name = "gateway",
                                              .dns_names = {kHost, "*.wild.example.com"},
                                              .ip_addresses = {"127.0.0.1", "2001:db8::1"}});
  PkiNode device_root = testing::make_root({.common_name = "Device root"});
  std::unique_ptr<TlsContext> server;
  std::unique_ptr<TlsContext> client;

  ports::TlsServerSettings server_settings() {
    return serving(gateway);
  }
  ports::TlsClientSettings client_settings() {
    ports::TlsClientSettings settings;
    settings.trusted = {root.certificate};
    return settings;
  }

  TlsPair pair(const ports::TlsServerSettings& server_side,
               const ports::TlsClientSettings& client_side, const std::string& host = kHost) {
    Result<std::unique_ptr<TlsContext>> made = server_library->server(server_side);
    CHECK_TEXT(made.has_value(), made ? "" : made.error().reason.c_str());
    server = std::move(*made);
    made = client_library->client(client_side);
    CHECK_TEXT(made.has_value(), made ? "" : made.error().reason.c_str());
    client = std::move(*made);
    return another(host);
  }
  TlsPair another(const std::string& host = kHost) {
    TlsPair ends;
    ends.server = server->new_engine("");
    ends.client = client->new_engine(host);
    return ends;
  }

  void check_connects(TlsPair & ends) {
    const bool connected = ends.handshake();
    const std::string why = ends.server->failure() + " / " + ends.client->failure();
    CHECK_TEXT(connected, why.c_str());
  }
  // The client refuses, and its sentence tells why.
  void check_client_refuses(TlsPair & ends, const std::string& why) {
    CHECK(!ends.handshake());
    STRCMP_CONTAINS(why.c_str(), ends.client->failure().c_str());
    CHECK(!ends.server->failure().empty());
  }

  ports::TlsClientSettings client_with(const ports::TlsIdentity& identity) {
    ports::TlsClientSettings settings = client_settings();
    settings.identity = identity;
    return settings;
  }
  void check_server_sees(const PkiNode& device, bool with_root = false) {
    TlsPair ends = pair(server_settings(), client_with(device.identity(with_root)));
    check_connects(ends);
    CHECK(ends.server->peer().chain == device.chain(with_root));
  }
};

TEST(TlsEngines, AClientWithoutACertificateConnects) {
  TlsPair ends = pair(server_settings(), client_settings());
  check_connects(ends);
  CHECK(ends.server->peer().chain.empty());
  STRCMP_EQUAL(ends.server->peer().version.c_str(), ends.client->peer().version.c_str());
  STRCMP_CONTAINS("TLSv1.", ends.server->peer().version.c_str());
}

TEST(TlsEngines, TheServerSeesALeafAlone) {
  check_server_sees(testing::make_leaf(device_root, {.common_name = "dev-1"}));
}

TEST(TlsEngines, TheServerSeesTwoCertificatesLeafFirst) {
  const PkiNode middle = testing::make_intermediate(device_root, {.common_name = "Middle"});
  check_server_sees(testing::make_leaf(middle, {.common_name = "dev-1"}));
}

TEST(TlsEngines, TheServerSeesThreeCertificatesLeafFirst) {
  const PkiNode middle = testing::make_intermediate(device_root, {.common_name = "Middle"});
  const PkiNode lower = testing::make_intermediate(middle, {.common_name = "Lower"});
  check_server_sees(testing::make_leaf(lower, {.common_name = "dev-1"}));
}

TEST(TlsEngines, TheServerSeesTheRootThatAClientSends) {
  const PkiNode middle = testing::make_intermediate(device_root, {.common_name = "Middle"});
  check_server_sees(testing::make_leaf(middle, {.common_name = "dev-1"}), true);
}

TEST(TlsEngines, ASelfSignedClientConnects) {
  check_server_sees(testing::make_self_signed({.common_name = "dev-1"}));
}

TEST(TlsEngines, AnExpiredClientConnects) {
  check_server_sees(testing::make_leaf(
      device_root, {.common_name = "dev-1", .not_before = kLongAgo, .not_after = kLessLongAgo}));
}

TEST(TlsEngines, AClientThatIsNotValidYetConnects) {
  check_server_sees(testing::make_leaf(
      device_root, {.common_name = "dev-1", .not_before = kFarAhead, .not_after = kFartherAhead}));
}

TEST(TlsEngines, AChainWhosePathLengthIsExceededConnects) {
  const PkiNode middle =
      testing::make_intermediate(device_root, {.common_name = "Middle", .path_length = 0});
  const PkiNode lower = testing::make_intermediate(middle, {.common_name = "Lower"});
  check_server_sees(testing::make_leaf(lower, {.common_name = "dev-1"}));
}

TEST(TlsEngines, AChainWithAWrongLinkConnects) {
  PkiNode device = testing::make_leaf(device_root, {.common_name = "dev-1"});
  device.above = {testing::make_root({.common_name = "Device root"}).certificate};
  check_server_sees(device, true);
}

TEST(TlsEngines, AServerThatDoesNotAskSeesNoCertificate) {
  ports::TlsServerSettings settings = server_settings();
  settings.request_client_certificate = false;
  const PkiNode device = testing::make_leaf(device_root, {.common_name = "dev-1"});
  TlsPair ends = pair(settings, client_with(device.identity()));
  check_connects(ends);
  CHECK(ends.server->peer().chain.empty());
}

TEST(TlsEngines, ASecondConnectionShowsTheChainAgain) {
  const PkiNode device = testing::make_leaf(device_root, {.common_name = "dev-1"});
  TlsPair first = pair(server_settings(), client_with(device.identity()));
  check_connects(first);
  TlsPair second = another();
  check_connects(second);
  CHECK(second.server->peer().chain == device.chain());
}

TEST(TlsEngines, TheServerSeesTheNameThatWasDialled) {
  TlsPair ends = pair(server_settings(), client_settings());
  check_connects(ends);
  STRCMP_EQUAL(kHost.c_str(), ends.server->peer().server_name.c_str());
}

TEST(TlsEngines, AnIpAddressIsNotSentAsAName) {
  TlsPair ends = pair(server_settings(), client_settings(), "127.0.0.1");
  check_connects(ends);
  STRCMP_EQUAL("", ends.server->peer().server_name.c_str());
}

TEST(TlsEngines, TheClientSeesTheServersChainLeafFirst) {
  const PkiNode middle = testing::make_intermediate(root, {.common_name = "Middle"});
  gateway = testing::make_leaf(middle, {.common_name = "gateway", .dns_names = {kHost}});
  TlsPair ends = pair(server_settings(), client_settings());
  check_connects(ends);
  CHECK(ends.client->peer().chain == gateway.chain());
}

// As the coordinator does, so that a joining gateway finds the CA that its token pins.
TEST(TlsEngines, AServerMaySendItsRoot) {
  ports::TlsServerSettings settings = server_settings();
  settings.identity = gateway.identity(true);
  TlsPair ends = pair(settings, client_settings());
  check_connects(ends);
  CHECK(ends.client->peer().chain == gateway.chain(true));
}

TEST(TlsEngines, AnIpv4AddressInTheCertificateIsAccepted) {
  TlsPair ends = pair(server_settings(), client_settings(), "127.0.0.1");
  check_connects(ends);
}

TEST(TlsEngines, AnIpv6AddressInTheCertificateIsAccepted) {
  TlsPair ends = pair(server_settings(), client_settings(), "2001:0db8::0:1");
  check_connects(ends);
}

TEST(TlsEngines, AWildcardInTheCertificateIsAccepted) {
  TlsPair ends = pair(server_settings(), client_settings(), "one.wild.example.com");
  check_connects(ends);
}

TEST(TlsEngines, AnotherNameIsRefused) {
  TlsPair ends = pair(server_settings(), client_settings(), "other.example.com");
  check_client_refuses(ends, "the server's certificate is not for \"other.example.com\"");
}

TEST(TlsEngines, AnotherAddressIsRefused) {
  TlsPair ends = pair(server_settings(), client_settings(), "127.0.0.2");
  check_client_refuses(ends, "the server's certificate is not for \"127.0.0.2\"");
}

TEST(TlsEngines, TheSubjectIsNoName) {
  TlsPair ends = pair(server_settings(), client_settings(), "gateway");
  check_client_refuses(ends, "the server's certificate is not for \"gateway\"");
}

TEST(TlsEngines, AnEmptyNameIsRefused) {
  TlsPair ends = pair(server_settings(), client_settings(), "");
  check_client_refuses(ends, "the server's certificate is not for \"\"");
}

TEST(TlsEngines, AServerOfAnotherCaIsRefused) {
  ports::TlsClientSettings settings;
  settings.trusted = {device_root.certificate};
  TlsPair ends = pair(server_settings(), settings);
  check_client_refuses(ends, "the peer's certificate is not signed by a trusted CA");
}

TEST(TlsEngines, AServerThatSendsItsOwnUntrustedRootIsRefused) {
  ports::TlsServerSettings server_side = server_settings();
  server_side.identity = gateway.identity(true);
  ports::TlsClientSettings settings;
  settings.trusted = {device_root.certificate};
  TlsPair ends = pair(server_side, settings);
  CHECK(!ends.handshake());
  STRCMP_CONTAINS("trusted", ends.client->failure().c_str());
}

TEST(TlsEngines, ACaOfTheSameNameIsNotTheTrustedOne) {
  ports::TlsClientSettings settings;
  settings.trusted = {testing::make_root({.common_name = "Site root"}).certificate};
  TlsPair ends = pair(server_settings(), settings);
  CHECK(!ends.handshake());
  CHECK(!ends.client->failure().empty());
}

TEST(TlsEngines, ASelfSignedServerIsRefused) {
  gateway = testing::make_self_signed({.common_name = "gateway", .dns_names = {kHost}});
  TlsPair ends = pair(server_settings(), client_settings());
  CHECK(!ends.handshake());
  STRCMP_CONTAINS("trusted", ends.client->failure().c_str());
}

TEST(TlsEngines, AnExpiredServerIsRefused) {
  gateway = testing::make_leaf(root, {.common_name = "gateway",
                                      .not_before = kLongAgo,
                                      .not_after = kLessLongAgo,
                                      .dns_names = {kHost}});
  TlsPair ends = pair(server_settings(), client_settings());
  check_client_refuses(ends, "a certificate of the peer has expired");
}

TEST(TlsEngines, AServerThatIsNotValidYetIsRefused) {
  gateway = testing::make_leaf(root, {.common_name = "gateway",
                                      .not_before = kFarAhead,
                                      .not_after = kFartherAhead,
                                      .dns_names = {kHost}});
  TlsPair ends = pair(server_settings(), client_settings());
  check_client_refuses(ends, "a certificate of the peer is not valid yet");
}

// The clock of a gateway that boots may stand anywhere; its anchors are a name and a key.
TEST(TlsEngines, AnExpiredAnchorIsStillAnAnchor) {
  root = testing::make_root(
      {.common_name = "Site root", .not_before = kLongAgo, .not_after = kLessLongAgo});
  gateway = testing::make_leaf(root, {.common_name = "gateway", .dns_names = {kHost}});
  TlsPair ends = pair(server_settings(), client_settings());
  check_connects(ends);
}

TEST(TlsEngines, ACertificateIssuedByALeafIsRefused) {
  const PkiNode leaf = testing::make_leaf(root, {.common_name = "leaf", .dns_names = {kHost}});
  gateway = testing::make_leaf(leaf, {.common_name = "gateway", .dns_names = {kHost}});
  TlsPair ends = pair(server_settings(), client_settings());
  CHECK(!ends.handshake());
  CHECK(!ends.client->failure().empty());
}

TEST(TlsEngines, AClientThatAcceptsAnyServerSeesItsChain) {
  ports::TlsClientSettings settings;
  settings.accept_any_server = true;
  ports::TlsServerSettings server_side = server_settings();
  server_side.identity = gateway.identity(true);
  TlsPair ends = pair(server_side, settings, "203.0.113.7");
  check_connects(ends);
  CHECK(ends.client->peer().chain == gateway.chain(true));
}

TEST(TlsEngines, TheServersPreferenceDecidesOnAlpn) {
  ports::TlsServerSettings server_side = server_settings();
  server_side.alpn = {"berth-sync/1", "http/1.1"};
  ports::TlsClientSettings client_side = client_settings();
  client_side.alpn = {"h2", "http/1.1", "berth-sync/1"};
  TlsPair ends = pair(server_side, client_side);
  check_connects(ends);
  STRCMP_EQUAL("berth-sync/1", ends.server->peer().alpn.c_str());
  STRCMP_EQUAL("berth-sync/1", ends.client->peer().alpn.c_str());
}

TEST(TlsEngines, AClientWithoutAlpnConnects) {
  ports::TlsServerSettings server_side = server_settings();
  server_side.alpn = {"http/1.1"};
  TlsPair ends = pair(server_side, client_settings());
  check_connects(ends);
  STRCMP_EQUAL("", ends.server->peer().alpn.c_str());
}

TEST(TlsEngines, AServerWithoutAlpnIgnoresIt) {
  ports::TlsClientSettings client_side = client_settings();
  client_side.alpn = {"mqtt"};
  TlsPair ends = pair(server_settings(), client_side);
  check_connects(ends);
  STRCMP_EQUAL("", ends.client->peer().alpn.c_str());
}

TEST(TlsEngines, AClientThatOffersNoneOfTheProtocolsIsRefused) {
  ports::TlsServerSettings server_side = server_settings();
  server_side.alpn = {"berth-sync/1"};
  ports::TlsClientSettings client_side = client_settings();
  client_side.alpn = {"h2"};
  TlsPair ends = pair(server_side, client_side);
  CHECK(!ends.handshake());
  CHECK(!ends.server->failure().empty());
  CHECK(!ends.client->failure().empty());
}

TEST(TlsEngines, MuchDataArrivesUnchangedBothWays) {
  TlsPair ends = pair(server_settings(), client_settings());
  check_connects(ends);
  Bytes data(3 * 1024 * 1024 + 17);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * i >> 7);
  CHECK(TlsPair::transfer(*ends.client, *ends.server, data) == data);
  CHECK(TlsPair::transfer(*ends.server, *ends.client, data) == data);
}

TEST(TlsEngines, AHandshakeMayArriveByteByByte) {
  const PkiNode device = testing::make_leaf(device_root, {.common_name = "dev-1"});
  TlsPair ends = pair(server_settings(), client_with(device.identity()));
  CHECK(ends.handshake_in_pieces(1));
  CHECK(ends.server->peer().chain == device.chain());
}

TEST(TlsEngines, ReadingNothingWantsMore) {
  TlsPair ends = pair(server_settings(), client_settings());
  check_connects(ends);
  std::array<std::uint8_t, 16> buffer{};
  std::size_t count = 0;
  CHECK(ends.server->read(buffer, count) == TlsStatus::want_read);
}

TEST(TlsEngines, CloseIsSeenByThePeer) {
  TlsPair ends = pair(server_settings(), client_settings());
  check_connects(ends);
  ends.client->close();
  CHECK(ends.client->has_output());
  ends.server->feed(ends.client->take_output());
  std::array<std::uint8_t, 16> buffer{};
  std::size_t count = 0;
  CHECK(ends.server->read(buffer, count) == TlsStatus::closed);
}

TEST(TlsEngines, AnAlteredRecordFails) {
  TlsPair ends = pair(server_settings(), client_settings());
  check_connects(ends);
  std::size_t count = 0;
  CHECK(ends.client->write(as_bytes("hello"), count) == TlsStatus::done);
  Bytes record = ends.client->take_output();
  record.back() ^= 1;
  ends.server->feed(record);
  std::array<std::uint8_t, 16> buffer{};
  CHECK(ends.server->read(buffer, count) == TlsStatus::failed);
  CHECK(!ends.server->failure().empty());
  CHECK(ends.server->read(buffer, count) == TlsStatus::failed);
}

TEST(TlsEngines, APeerThatSpeaksHttpFails) {
  TlsPair ends = pair(server_settings(), client_settings());
  ends.server->feed(as_bytes("GET / HTTP/1.1\r\nHost: example\r\n\r\n"));
  CHECK(ends.server->handshake() == TlsStatus::failed);
  CHECK(!ends.server->failure().empty());
  CHECK(ends.server->handshake() == TlsStatus::failed);
}

TEST(TlsEngines, MoreThanTheQueueHoldsFails) {
  TlsPair ends = pair(server_settings(), client_settings());
  const Bytes flood(64 * 1024);
  for (int i = 0; i < 4; ++i) ends.server->feed(flood);
  CHECK(ends.server->failure().empty());
  ends.server->feed(Bytes(1));
  CHECK(ends.server->handshake() == TlsStatus::failed);
  STRCMP_CONTAINS("more was received", ends.server->failure().c_str());
}

TEST(TlsEngines, OneContextServesSeveralThreads) {
  const PkiNode device = testing::make_leaf(device_root, {.common_name = "dev-1"});
  TlsPair first = pair(server_settings(), client_with(device.identity()));
  check_connects(first);
  std::vector<std::thread> threads;
  std::vector<int> good(4, 0);
  for (int& count : good) {
    threads.emplace_back([&] {
      for (int i = 0; i < 3; ++i) {
        TlsPair ends = another();
        if (ends.handshake() && ends.server->peer().chain == device.chain() &&
            TlsPair::transfer(*ends.client, *ends.server, as_bytes("hello")).size() == 5) {
          ++count;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : good) LONGS_EQUAL(3, count);
}

TEST(TlsEngines, AServerShowsTheIdentityOfTheNameThatIsAskedFor) {
  const PkiNode acme =
      testing::make_leaf(root, {.common_name = "acme", .dns_names = {"acme.example.com"}});
  const PkiNode beta =
      testing::make_leaf(root, {.common_name = "beta", .dns_names = {"beta.example.com"}});
  ports::TlsServerSettings settings = server_settings();
  settings.named.push_back({{"ACME.example.com"}, acme.identity()});
  settings.named.push_back({{"other.example.com", "beta.example.com"}, beta.identity()});
  TlsPair to_acme = pair(settings, client_settings(), "acme.example.com");
  check_connects(to_acme);
  CHECK(to_acme.client->peer().chain.front() == acme.certificate);
  STRCMP_EQUAL("acme.example.com", to_acme.server->peer().server_name.c_str());
  TlsPair to_beta = another("beta.example.com");
  check_connects(to_beta);
  CHECK(to_beta.client->peer().chain.front() == beta.certificate);
  TlsPair to_itself = another(kHost);
  check_connects(to_itself);
  CHECK(to_itself.client->peer().chain.front() == gateway.certificate);
  // A bare address asks for no name.
  TlsPair to_address = another("127.0.0.1");
  check_connects(to_address);
  CHECK(to_address.client->peer().chain.front() == gateway.certificate);
}

TEST(TlsEngines, AnIdentityByNameKeepsTheProtocolsAndAsksForTheClientsCertificate) {
  const PkiNode acme =
      testing::make_leaf(root, {.common_name = "acme", .dns_names = {"acme.example.com"}});
  const PkiNode device = testing::make_leaf(device_root, {.common_name = "dev-1"});
  ports::TlsServerSettings settings = server_settings();
  settings.named.push_back({{"acme.example.com"}, acme.identity()});
  settings.alpn = {"berth-sync/1", "http/1.1"};
  ports::TlsClientSettings with_device = client_settings();
  with_device.identity = device.identity();
  with_device.alpn = {"http/1.1"};
  TlsPair ends = pair(settings, with_device, "acme.example.com");
  check_connects(ends);
  STRCMP_EQUAL("http/1.1", ends.server->peer().alpn.c_str());
  CHECK(ends.server->peer().chain.front() == device.certificate);
}

TEST_GROUP(TlsSettings) {
  std::unique_ptr<ports::TlsLibrary> server_library = testing::make_tls_for_server();
  std::unique_ptr<ports::TlsLibrary> client_library = testing::make_tls_for_client();
  PkiNode root = testing::make_root({.common_name = "Site root"});
  PkiNode gateway = testing::make_leaf(root, {.common_name = "gateway", .dns_names = {kHost}});

  void check_error(const Result<std::unique_ptr<TlsContext>>& made, Errc code) {
    CHECK(!made.has_value());
    STRCMP_EQUAL(name_of(code).data(), name_of(made.error().code).data());
    CHECK(!made.error().reason.empty());
  }
};

TEST(TlsSettings, AKeyOfAnotherCertificateIsInvalid) {
  ports::TlsServerSettings settings = serving(gateway);
  settings.identity.private_key = root.private_key;
  check_error(server_library->server(settings), Errc::invalid);
}

TEST(TlsSettings, AKeyThatDoesNotParseIsMalformed) {
  ports::TlsServerSettings settings = serving(gateway);
  settings.identity.private_key = SecretBytes(Bytes{0x30, 0x01, 0x00});
  check_error(server_library->server(settings), Errc::malformed);
}

TEST(TlsSettings, ACertificateThatDoesNotParseIsMalformed) {
  ports::TlsServerSettings settings = serving(gateway);
  settings.identity.chain.push_back(Bytes{0x30, 0x00});
  check_error(server_library->server(settings), Errc::malformed);
}

TEST(TlsSettings, AServerWithoutACertificateIsMalformed) {
  check_error(server_library->server({}), Errc::malformed);
}

TEST(TlsSettings, AClientThatTrustsNobodyIsInvalid) {
  check_error(client_library->client({}), Errc::invalid);
}

TEST(TlsSettings, AnAnchorThatDoesNotParseIsMalformed) {
  ports::TlsClientSettings settings;
  settings.trusted = {Bytes{0x30, 0x00}};
  check_error(client_library->client(settings), Errc::malformed);
}

TEST(TlsSettings, AClientsKeyOfAnotherCertificateIsInvalid) {
  ports::TlsClientSettings settings;
  settings.trusted = {root.certificate};
  settings.identity = gateway.identity();
  settings.identity.private_key = root.private_key;
  check_error(client_library->client(settings), Errc::invalid);
}

TEST(TlsSettings, AKeyThatDoesNotBelongToANamedIdentityIsInvalid) {
  ports::TlsServerSettings settings = serving(gateway);
  settings.named.push_back({{"a.example.com"}, gateway.identity()});
  settings.named.front().identity.private_key = root.private_key;
  check_error(server_library->server(settings), Errc::invalid);
}

TEST(TlsSettings, AnEmptyProtocolNameIsInvalid) {
  ports::TlsServerSettings settings = serving(gateway);
  settings.alpn = {""};
  check_error(server_library->server(settings), Errc::invalid);
}

}  // namespace
}  // namespace berth
