#include "shared/crypto/openssl/dtls_client.hpp"

#include <CppUTest/TestHarness.h>

#include "tests/unit/shared/crypto/openssl/dtls_bench.hpp"

using namespace berth;
using namespace berth::testing;

TEST_GROUP(DtlsClient) {
  DtlsBench bench;
};

TEST(DtlsClient, TheClientJudgesTheServersNameAndIssuer) {
  const PkiNode leaf = make_leaf(make_root({"devices"}), {"dev-1"});
  for (const char* name : {"other.example", "192.0.2.1"}) {
    const auto client = bench.client_of(leaf.identity(), name);
    DtlsPair pair = bench.connect();
    CHECK_TRUE(client->prepare(pair.client.get()));
    CHECK_FALSE(pair.shake_hands());
    ERR_clear_error();
  }
  bench.root = make_root({"another root"});
  const auto client = bench.client_of(leaf.identity());
  DtlsPair pair = bench.connect();
  CHECK_TRUE(client->prepare(pair.client.get()));
  CHECK_FALSE(pair.shake_hands());
}

TEST(DtlsClient, AnAddressIsJudgedAsOne) {
  bench.server_leaf = make_leaf(bench.root, {.common_name = "gw", .ip_addresses = {"192.0.2.7"}});
  for (const char* address : {"192.0.2.7", "192.0.2.8"}) {
    const auto client = bench.client_of(make_self_signed({"dev-1"}).identity(), address);
    DtlsPair pair = bench.connect(bench.server_leaf.identity());
    CHECK_TRUE(client->prepare(pair.client.get()));
    CHECK_EQUAL(std::string_view(address) == "192.0.2.7", pair.shake_hands());
    ERR_clear_error();
  }
}

TEST(DtlsClient, WhatItTrustsMustBeCertificates) {
  ports::TlsClientSettings settings;
  settings.trusted = {Bytes{1, 2, 3}};
  const auto client = crypto::make_dtls_client(settings, "gw.example");
  CHECK_FALSE(client.has_value());
  CHECK_TRUE(client.error().code == Errc::malformed);
}
