#include "shared/json/join_json.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"

using namespace berth;

TEST_GROUP(JoinJson){protocol::JoinToken token(){
    return {"https://dps.example:8443", Bytes(32, 0xf1), domain::GatewayId("gw-1"),
            SecretBytes(Bytes(protocol::kJoinSecretSize, 7))};
}
std::string token_of(const std::string& object) {
  return "berth1." + to_base64url(as_bytes(object));
}
}
;

TEST(JoinJson, KeepsAToken) {
  const std::string text = json::write_join_token(token());
  CHECK_TRUE(text.starts_with("berth1."));
  const auto read = json::read_join_token(text);
  CHECK_TRUE(read.has_value());
  STRCMP_EQUAL("https://dps.example:8443", read->url.c_str());
  CHECK_TRUE(read->ca_fingerprint == Bytes(32, 0xf1));
  CHECK_TRUE(read->gateway_id == domain::GatewayId("gw-1"));
  CHECK_TRUE(read->secret == token().secret);
}

TEST(JoinJson, WritesTheMembersThatAreSpecified) {
  const auto body = from_base64url(json::write_join_token(token()).substr(7));
  const std::string text(as_text(*body));
  CHECK_TRUE(text.find(R"("u":"https://dps.example:8443")") != std::string::npos);
  CHECK_TRUE(text.find(R"("f":"f1f1)") != std::string::npos);
  CHECK_TRUE(text.find(R"("g":"gw-1")") != std::string::npos);
  CHECK_TRUE(text.find(R"("s":"Bwc)") != std::string::npos);
}

TEST(JoinJson, RefusesWhatIsNoToken) {
  const std::string whole = json::write_join_token(token());
  CHECK_FALSE(json::read_join_token("").has_value());
  CHECK_FALSE(json::read_join_token(whole.substr(7)).has_value());
  CHECK_FALSE(json::read_join_token("berth2." + whole.substr(7)).has_value());
  CHECK_FALSE(json::read_join_token(whole + "!").has_value());
  CHECK_FALSE(json::read_join_token(token_of("[]")).has_value());
  CHECK_FALSE(
      json::read_join_token(token_of(R"({"u":"x","f":"00","g":"g","s":"AA"})")).has_value());
  CHECK_FALSE(json::read_join_token(token_of(R"({"u":1})")).has_value());
}

TEST(JoinJson, BoundsATokensLength) {
  // The longest URL whose token is within the limit, and one past it.
  auto long_url = token();
  long_url.url.clear();
  while (json::write_join_token(long_url).size() <= json::kMaxJoinToken) long_url.url += 'x';
  CHECK_FALSE(json::read_join_token(json::write_join_token(long_url)).has_value());
  long_url.url.pop_back();
  CHECK_TRUE(json::read_join_token(json::write_join_token(long_url)).has_value());
}

TEST(JoinJson, KeepsARequest) {
  const auto read =
      json::read_join_request(json::write(protocol::JoinRequest{token(), Bytes{1, 2}}));
  CHECK_TRUE(read.has_value());
  CHECK_TRUE(read->csr == (Bytes{1, 2}));
  CHECK_TRUE(read->token.gateway_id == domain::GatewayId("gw-1"));
  CHECK_FALSE(json::read_join_request(R"({"csr":"AQI="})").has_value());
  CHECK_FALSE(json::read_join_request(R"({"token":")" + json::write_join_token(token()) + R"("})")
                  .has_value());
}

TEST(JoinJson, KeepsAReply) {
  protocol::JoinReply reply;
  reply.gateway_id = domain::GatewayId("gw-1");
  reply.certificate = {1};
  reply.ca_certificate = {2};
  reply.coordinator_id = domain::CoordinatorId("c-1");
  reply.sync_host = "dps.example";
  reply.sync_port = 8443;
  reply.id_scopes = {domain::IdScope("0ne00000001")};
  const auto read = json::read_join_reply(json::write(reply));
  CHECK_TRUE(read.has_value());
  CHECK_TRUE(read->gateway_id == reply.gateway_id);
  CHECK_TRUE(read->certificate == reply.certificate);
  CHECK_TRUE(read->ca_certificate == reply.ca_certificate);
  CHECK_TRUE(read->coordinator_id == reply.coordinator_id);
  STRCMP_EQUAL("dps.example", read->sync_host.c_str());
  LONGS_EQUAL(8443, read->sync_port);
  CHECK_TRUE(read->id_scopes == reply.id_scopes);

  reply.sync_port = 0;
  CHECK_FALSE(json::read_join_reply(json::write(reply)).has_value());
  reply.sync_port = 1;
  reply.id_scopes = {domain::IdScope("elsewhere")};
  CHECK_FALSE(json::read_join_reply(json::write(reply)).has_value());
}
