#include "shared/protocol/connection_string.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth;
using protocol::parse_connection_string;

TEST_GROUP(ConnectionString){};

TEST(ConnectionString, ReadsWhatAzureToolsWrite) {
  const auto parsed = parse_connection_string(
      "HostName=mydps.example.test;SharedAccessKeyName=provisioningserviceowner;"
      "SharedAccessKey=AQID");
  STRCMP_EQUAL("mydps.example.test", parsed->host_name.c_str());
  STRCMP_EQUAL("provisioningserviceowner", parsed->key_name.c_str());
  CHECK(parsed->key == SecretBytes(Bytes{1, 2, 3}));
  CHECK_FALSE(parsed->is_masked);
}

TEST(ConnectionString, TakesAnyOrderCaseAndUnknownParts) {
  const auto parsed = parse_connection_string(
      " sharedaccesskey=AQI=;GatewayHostName=x;HOSTNAME=[::1]:8443;SharedAccessKeyName=a;\n");
  STRCMP_EQUAL("[::1]:8443", parsed->host_name.c_str());
  CHECK(parsed->key == SecretBytes(Bytes{1, 2}));
}

TEST(ConnectionString, KnowsAMaskedKey) {
  const auto parsed =
      parse_connection_string("HostName=h;SharedAccessKeyName=a;SharedAccessKey=****");
  CHECK(parsed->is_masked);
  CHECK(parsed->key.empty());
}

TEST(ConnectionString, RefusesAStringThatLacksAPart) {
  for (const std::string_view text :
       {"", "HostName=h", "HostName=h;SharedAccessKeyName=a", "HostName=h;SharedAccessKey=AQID",
        "SharedAccessKeyName=a;SharedAccessKey=AQID", "HostName",
        "HostName=h;SharedAccessKeyName=a;SharedAccessKey=",
        "HostName=h;SharedAccessKeyName=a;SharedAccessKey=!"}) {
    CHECK(parse_connection_string(text).error().code == Errc::invalid);
  }
}

TEST(ConnectionString, NeverRepeatsTheKeyInAReason) {
  const auto refused =
      parse_connection_string("HostName=h;SharedAccessKeyName=a;SharedAccessKey=secret!");
  CHECK(refused.error().reason.find("secret") == std::string::npos);
}

TEST(ConnectionString, RefusesOneCharacterOverTheLimit) {
  std::string text = "HostName=h;SharedAccessKeyName=a;SharedAccessKey=AQID;x=";
  text.resize(protocol::kMaxConnectionString, 'y');
  CHECK(parse_connection_string(text).has_value());
  CHECK_FALSE(parse_connection_string(text + "y").has_value());
}

TEST(ConnectionString, WritesWhatItReads) {
  const std::string text = "HostName=h:8443;SharedAccessKeyName=a;SharedAccessKey=AQID";
  const auto parsed = parse_connection_string(text);
  STRCMP_EQUAL(
      text.c_str(),
      protocol::write_connection_string(parsed->host_name, parsed->key_name, parsed->key).c_str());
}

TEST(ConnectionString, MasksAnAbsentKey) {
  STRCMP_EQUAL("HostName=h;SharedAccessKeyName=a;SharedAccessKey=****",
               protocol::write_connection_string("h", "a", {}).c_str());
}
