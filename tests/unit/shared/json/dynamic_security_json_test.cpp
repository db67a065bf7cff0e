#include "shared/json/dynamic_security_json.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::hub::dynsec;

TEST_GROUP(DynamicSecurityJson) {
  json::DynamicSecurityJson codec;

  Reply only(std::string_view text) {
    const auto replies = codec.read_replies(text);
    CHECK_TRUE(replies.has_value());
    CHECK_EQUAL(1, replies->size());
    return replies->front();
  }
};

// Service API 12.5, as Mosquitto 2.0.11 took and gave it.
TEST(DynamicSecurityJson, WritesWhatTheBrokerUnderstands) {
  Command role;
  role.kind = Command::Kind::create_role;
  role.name = "dev-dev-1";
  role.acls = std::vector<Acl>{{AclKind::publish_send, "devices/dev-1/messages/events/#", true},
                               {AclKind::subscribe_literal, "x", false}};
  Command client;
  client.kind = Command::Kind::create_client;
  client.name = "dev-1";
  client.client_id = "dev-1";
  client.password = SecretBytes::copy_of(as_bytes("WOWg="));
  client.text_name = "dps";
  client.roles = std::vector<Membership>{{"dev-dev-1", 3}};
  STRCMP_EQUAL(
      R"({"commands":[{"command":"createRole","rolename":"dev-dev-1","acls":[)"
      R"({"acltype":"publishClientSend","topic":"devices/dev-1/messages/events/#","priority":0,"allow":true},)"
      R"({"acltype":"subscribeLiteral","topic":"x","priority":0,"allow":false}],"correlationData":"op-1"},)"
      R"({"command":"createClient","username":"dev-1","textname":"dps","clientid":"dev-1","password":"WOWg=",)"
      R"("roles":[{"rolename":"dev-dev-1","priority":3}],"correlationData":"op-2"}]})",
      codec.write_commands({role, client}, {"op-1", "op-2"}).c_str());
}

TEST(DynamicSecurityJson, LeavesOutWhatIsToStay) {
  Command modify;
  modify.kind = Command::Kind::modify_client;
  modify.name = "a";
  STRCMP_EQUAL(R"({"commands":[{"command":"modifyClient","username":"a","correlationData":"1"}]})",
               codec.write_commands({modify}, {"1"}).c_str());
}

TEST(DynamicSecurityJson, ListsByPages) {
  Command list;
  list.kind = Command::Kind::list_clients;
  list.offset = 20;
  list.count = 10;
  STRCMP_EQUAL(
      R"({"commands":[{"command":"listClients","verbose":false,"offset":20,"count":10,"correlationData":"1"}]})",
      codec.write_commands({list}, {"1"}).c_str());
  const Reply reply = only(
      R"({"responses":[{"command":"listClients","data":{"totalCount":2,"clients":["admin","dev-1"]},"correlationData":"1"}]})");
  CHECK_EQUAL(2, reply.total);
  STRCMP_EQUAL("dev-1", reply.names[1].c_str());
}

TEST(DynamicSecurityJson, ReadsAClient) {
  const Reply reply = only(
      R"({"responses":[{"command":"getClient","data":{"client":{"username":"dev-1","clientid":"c","textname":"dps",)"
      R"("textdescription":"key 3","disabled":true,"roles":[{"rolename":"r","priority":-1}],"groups":[]}},)"
      R"("correlationData":"g"}]})");
  STRCMP_EQUAL("g", reply.correlation.c_str());
  STRCMP_EQUAL("dev-1", reply.client->user_name.c_str());
  STRCMP_EQUAL("c", reply.client->client_id.c_str());
  STRCMP_EQUAL("dps", reply.client->text_name.c_str());
  STRCMP_EQUAL("key 3", reply.client->text_description.c_str());
  CHECK_TRUE(reply.client->disabled);
  CHECK_TRUE(reply.client->roles == (std::vector<Membership>{{"r", -1}}));
}

TEST(DynamicSecurityJson, ReadsARole) {
  const Reply reply = only(
      R"({"responses":[{"data":{"role":{"rolename":"r","textname":"t","textdescription":"d","acls":[)"
      R"({"acltype":"publishClientReceive","topic":"a/#","priority":0,"allow":true},)"
      R"({"acltype":"subscribePattern","topic":"b","priority":0,"allow":false},)"
      R"({"acltype":"unsubscribePattern","topic":"c","allow":true}]}}}]})");
  STRCMP_EQUAL("r", reply.role->name.c_str());
  STRCMP_EQUAL("t", reply.role->text_name.c_str());
  STRCMP_EQUAL("d", reply.role->text_description.c_str());
  CHECK_TRUE(reply.role->acls == (std::vector<Acl>{{AclKind::publish_receive, "a/#", true},
                                                   {AclKind::subscribe_pattern, "b", false}}));
}

TEST(DynamicSecurityJson, ReadsAFailure) {
  const Reply reply =
      only(R"({"responses":[{"command":"createClient","error":"Client already exists"}]})");
  CHECK_TRUE(reply.error == kClientExists);
  CHECK_TRUE(reply.correlation.empty());
}

TEST(DynamicSecurityJson, NonsenseIsMalformed) {
  for (const char* text : {"", "x", "[]", R"({"responses":{}})", R"({"responses":[1]})",
                           R"({"responses":[{"error":1}]})", R"({"responses":[{"data":[]}]})",
                           R"({"responses":[{"correlationData":7}]})",
                           R"({"responses":[{"data":{"client":{"roles":[1]}}}]})",
                           R"({"responses":[{"data":{"role":{"acls":[1]}}}]})",
                           R"({"responses":[{"data":{"clients":[1]}}]})"}) {
    CHECK_FALSE(codec.read_replies(text).has_value());
  }
  CHECK_TRUE(codec.read_replies("{}")->empty());
}

TEST(DynamicSecurityJson, AnAnswerHasALimit) {
  const auto padded = [](std::size_t size) {
    std::string text = R"({"responses":[],"x":")";
    text.append(size - text.size() - 2, 'x');
    return text + "\"}";
  };
  CHECK_TRUE(codec.read_replies(padded(kMaxAnswer)).has_value());
  CHECK_TRUE(codec.read_replies(padded(kMaxAnswer + 1)).error().code == Errc::too_large);
}

TEST(DynamicSecurityJson, ATwinIsOneObject) {
  STRCMP_EQUAL("{\"a\":1}", codec.read_object(" { \"a\" : 1 } ")->c_str());
  CHECK_FALSE(codec.read_object("[1]").has_value());
  CHECK_FALSE(codec.read_object("").has_value());
}
