#include "shared/json/hub_json.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"

using namespace berth;
using namespace berth::hub;

namespace {

constexpr const char* kFound =
    R"({"deviceId":"d","generationId":"63","etag":"AAAAAAAAAAE=","status":"enabled",)"
    R"("statusReason":"berth:c0ffee","capabilities":{"iotEdge":false},"deviceScope":"s",)"
    R"("authentication":{"type":"sas","symmetricKey":{"primaryKey":"AQI=","secondaryKey":"AwQ="},)"
    R"("x509Thumbprint":{"primaryThumbprint":null,"secondaryThumbprint":null}}})";

std::string nested(std::size_t levels) {
  return R"({"properties":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
}

}  // namespace

TEST_GROUP(HubJson) {
  json::IotHubBodyCodec codec;
  DesiredIdentity identity;

  void setup() override {
    identity.device_id = domain::DeviceId("d");
    identity.credential = SymmetricKeyCredential{SecretBytes({1, 2}), SecretBytes({3, 4})};
  }
  void check_text(const std::string& expected, const std::string& text) {
    STRCMP_EQUAL(expected.c_str(), text.c_str());
  }
  void check_unchanged() {
    auto changed = codec.with_credential(kFound, identity);
    CHECK_TRUE(changed.has_value() && !changed->has_value());
  }
  std::string changed() {
    auto text = codec.with_credential(kFound, identity);
    CHECK_TRUE(text.has_value() && text->has_value());
    return **text;
  }
};

TEST(HubJson, ABulkItemHoldsIdentityAndTwin) {
  identity.twin = {R"({"site":"a"})", R"({"interval":30})"};
  identity.iot_edge = true;
  check_text(
      R"([{"id":"d","importMode":"create","status":"enabled","statusReason":"berth:c0ffee",)"
      R"("authentication":{"type":"sas","symmetricKey":{"primaryKey":"AQI=","secondaryKey":"AwQ="}},)"
      R"("capabilities":{"iotEdge":true},"tags":{"site":"a"},"properties":{"desired":{"interval":30}}}])",
      codec.write_bulk_create(identity, "berth:c0ffee"));
}

TEST(HubJson, ABulkItemLeavesOutWhatIsAbsent) {
  identity.credential = ThumbprintCredential{"AB"};
  check_text(
      R"([{"id":"d","importMode":"create","status":"enabled","statusReason":"m","authentication":)"
      R"({"type":"selfSigned","x509Thumbprint":{"primaryThumbprint":"AB","secondaryThumbprint":"AB"}}}])",
      codec.write_bulk_create(identity, "m"));
}

TEST(HubJson, AnAbsentKeyIsNotLeftForTheHubToMakeUp) {
  identity.credential = SymmetricKeyCredential{SecretBytes({1, 2}), {}};
  const std::string text = codec.write_bulk_create(identity, "m");
  CHECK_TRUE(text.find(R"("primaryKey":"AQI=","secondaryKey":"AQI=")") != std::string::npos);
}

TEST(HubJson, ReadsABulkAnswerWithNamesAndNumbers) {
  auto answer = codec.read_bulk_answer(R"({"isSuccessful":true,"errors":[],"warnings":[]})");
  CHECK_TRUE(answer.has_value() && answer->successful);
  answer = codec.read_bulk_answer(
      R"({"isSuccessful":false,"errors":[{"deviceId":"d","errorCode":"DeviceAlreadyExists"}]})");
  CHECK_FALSE(answer->successful);
  CHECK_TRUE(answer->error_name == "DeviceAlreadyExists");
  CHECK_EQUAL(0, answer->error_code);
  for (const char* code : {"409001", "\"409001\""}) {
    answer = codec.read_bulk_answer(R"({"isSuccessful":false,"errors":[{"errorCode":)" +
                                    std::string(code) + "}]}");
    CHECK_EQUAL(409001, answer->error_code);
  }
}

TEST(HubJson, ABulkAnswerThatSaysNothingIsMalformed) {
  for (const char* text : {"", "[]", "{}", R"({"isSuccessful":"yes"})", R"({"Message":"x"})"}) {
    auto answer = codec.read_bulk_answer(text);
    CHECK_TRUE(!answer && answer.error().code == Errc::malformed);
  }
}

TEST(HubJson, ReadsAnIdentity) {
  auto found = codec.read_identity(kFound);
  CHECK_TRUE(found.has_value());
  CHECK_TRUE(found->etag == "AAAAAAAAAAE=");
  CHECK_TRUE(found->status_reason == "berth:c0ffee");
  CHECK_TRUE(found->enabled);
  found = codec.read_identity(R"({"deviceId":"d","etag":"\"x\"","status":"Disabled"})");
  CHECK_TRUE(found->etag == "x");
  CHECK_TRUE(found->status_reason.empty());
  CHECK_FALSE(found->enabled);
}

TEST(HubJson, WhatIsNotAnIdentityIsMalformed) {
  for (const char* text : {"", "[]", "{}", R"({"deviceId":1})", R"({"deviceId":"d","etag":[]})"}) {
    CHECK_FALSE(codec.read_identity(text).has_value());
  }
}

TEST(HubJson, AnIdentityThatHoldsTheCredentialNeedsNoWrite) {
  check_unchanged();
  identity.iot_edge = false;
  check_unchanged();
}

TEST(HubJson, ANewCredentialReplacesTheOldOneAndLeavesTheRest) {
  identity.credential = ThumbprintCredential{"AB"};
  check_text(
      R"({"deviceId":"d","generationId":"63","etag":"AAAAAAAAAAE=","status":"enabled",)"
      R"("statusReason":"berth:c0ffee","capabilities":{"iotEdge":false},"deviceScope":"s",)"
      R"("authentication":{"type":"selfSigned","x509Thumbprint":{"primaryThumbprint":"AB","secondaryThumbprint":"AB"}}})",
      changed());
}

TEST(HubJson, NewKeysAndNewCapabilitiesAreWritten) {
  identity.iot_edge = true;
  CHECK_TRUE(changed().find(R"("capabilities":{"iotEdge":true})") != std::string::npos);
  identity.iot_edge.reset();
  identity.credential = SymmetricKeyCredential{SecretBytes({9, 9}), SecretBytes({3, 4})};
  CHECK_TRUE(changed().find(R"("primaryKey":"CQk=")") != std::string::npos);
}

TEST(HubJson, DisablesAnIdentityOnce) {
  auto text = codec.disabled(kFound);
  CHECK_TRUE(text.has_value() && text->has_value());
  CHECK_FALSE(codec.read_identity(**text)->enabled);
  CHECK_TRUE((*text)->find(R"("deviceScope":"s")") != std::string::npos);
  auto again = codec.disabled(**text);
  CHECK_TRUE(again.has_value() && !again->has_value());
}

TEST(HubJson, EnablesADisabledIdentity) {
  auto disabled = codec.disabled(kFound);
  auto text = codec.enabled(**disabled);
  CHECK_TRUE(text.has_value() && text->has_value());
  CHECK_TRUE(codec.read_identity(**text)->enabled);
  auto again = codec.enabled(kFound);
  CHECK_TRUE(again.has_value() && !again->has_value());
}

TEST(HubJson, AWholeTwinIsWrittenEvenIfItIsEmpty) {
  check_text(R"({"tags":{},"properties":{"desired":{}}})", codec.write_twin({}));
  check_text(R"({"tags":{"a":1},"properties":{"desired":{"b":2}}})",
             codec.write_twin({R"({"a":1})", R"({"b":2})"}));
}

TEST(HubJson, ReadsATwinWithoutTheHubsOwnMembers) {
  auto twin = codec.read_twin(
      R"({"deviceId":"d","tags":{"a":{"b":[1]}},"properties":{"desired":{"x":1,"$metadata":{"x":{}},)"
      R"("$version":3},"reported":{"y":2}}})");
  CHECK_TRUE(twin.has_value());
  check_text(R"({"a":{"b":[1]}})", twin->tags);
  check_text(R"({"x":1})", twin->desired);
}

TEST(HubJson, AnEmptyTwinIsEmpty) {
  for (const char* text :
       {"{}", R"({"tags":{},"properties":{"desired":{"$version":1}}})", R"({"properties":{}})"}) {
    auto twin = codec.read_twin(text);
    CHECK_TRUE(twin.has_value() && twin->empty());
  }
}

TEST(HubJson, ATwinOfTheWrongShapeIsMalformed) {
  for (const char* text :
       {"[]", R"({"tags":1})", R"({"properties":[]})", R"({"properties":{"desired":1}})"}) {
    CHECK_FALSE(codec.read_twin(text).has_value());
  }
}

TEST(HubJson, BodiesAreBoundedInSizeAndDepth) {
  std::string body = R"({"deviceId":"d"})";
  body.append(kMaxHubBody - body.size(), ' ');
  CHECK_TRUE(codec.read_identity(body).has_value());
  CHECK_TRUE(codec.read_identity(body + " ").error().code == Errc::too_large);
  CHECK_TRUE(codec.read_twin(nested(kMaxHubDepth)).error().code == Errc::malformed);
  CHECK_TRUE(codec.read_twin(nested(kMaxHubDepth + 1)).error().code == Errc::too_large);
}
