#include "tools/hub/device.hpp"

#include <CppUTest/TestHarness.h>
#include <boost/json/parse.hpp>

#include "shared/base/encoding.hpp"
#include "tests/support/fake_entropy.hpp"

using namespace berth;
using namespace berth::hub_server;

TEST_GROUP(Device) {
  testing::FakeEntropy entropy_;
  Device device_;

  bool reads(const std::string& text) {
    return read_identity(boost::json::parse(text).as_object(), device_, entropy_).has_value();
  }
  static std::string thumbprint(std::size_t digits) {
    return R"({"authentication":{"type":"selfSigned","x509Thumbprint":{"primaryThumbprint":")" +
           std::string(digits, 'A') + "\"}}}";
  }
  static std::string sas(std::size_t bytes) {
    const std::string key = to_base64(Bytes(bytes, 1));
    return R"({"authentication":{"symmetricKey":{"primaryKey":")" + key + R"(","secondaryKey":")" +
           key + "\"}}}";
  }
};

TEST(Device, GetsKeysWhenItBringsNone) {
  CHECK_TRUE(reads("{}"));
  LONGS_EQUAL(32, from_base64(device_.authentication.primary_key)->size());
  CHECK_TRUE(device_.authentication.primary_key != device_.authentication.secondary_key);
}

TEST(Device, GetsKeysInPlaceOfEmptyOnes) {
  CHECK_TRUE(reads(
      R"({"authentication":{"type":"sas","symmetricKey":{"primaryKey":"","secondaryKey":null}}})"));
  CHECK_FALSE(device_.authentication.primary_key.empty());
}

TEST(Device, KeepsTheKeysItBrings) {
  CHECK_TRUE(reads(sas(16)));
  STRCMP_EQUAL("AQEBAQEBAQEBAQEBAQEBAQ==", device_.authentication.primary_key.c_str());
}

TEST(Device, TakesKeysWithinTheirLimitsOnly) {
  CHECK_FALSE(reads(sas(15)));
  CHECK_TRUE(reads(sas(64)));
  CHECK_FALSE(reads(sas(65)));
}

TEST(Device, TakesThumbprintsOfEitherHashOnly) {
  CHECK_TRUE(reads(thumbprint(40)));
  CHECK_TRUE(reads(thumbprint(64)));
  CHECK_FALSE(reads(thumbprint(63)));
  CHECK_TRUE(device_.authentication.primary_key.empty());
}

TEST(Device, RefusesThumbprintsOfTwoHashes) {
  CHECK_FALSE(reads(R"({"authentication":{"type":"selfSigned","x509Thumbprint":{)"
                    R"("primaryThumbprint":")" +
                    std::string(40, 'A') + R"(","secondaryThumbprint":")" + std::string(64, 'A') +
                    "\"}}}"));
}

TEST(Device, RefusesSelfSignedWithoutThumbprint) {
  CHECK_FALSE(reads(R"({"authentication":{"type":"selfSigned"}})"));
}

TEST(Device, TakesAReasonAtItsLimitAndNoLongerOne) {
  CHECK_TRUE(reads(R"({"statusReason":")" + std::string(128, 'r') + "\"}"));
  CHECK_FALSE(reads(R"({"statusReason":")" + std::string(129, 'r') + "\"}"));
}

TEST(Device, RefusesAStatusThatIsNone) {
  CHECK_TRUE(reads(R"({"status":"Disabled"})"));
  CHECK_FALSE(device_.enabled);
  CHECK_FALSE(reads(R"({"status":"asleep"})"));
}

TEST(Device, IsTheSameAfterItsRecordWasRead) {
  CHECK_TRUE(reads(R"({"status":"disabled","statusReason":"berth:1","deviceScope":"s",)"
                   R"("parentScopes":["p"],"capabilities":{"iotEdge":true}})"));
  device_.id = "dev-1";
  device_.version = 0xfedcba98;
  device_.desired = boost::json::parse(R"({"a":{"b":1}})").as_object();
  const auto again = from_record(to_record(device_));
  CHECK_TRUE(again.has_value());
  CHECK_TRUE(write_identity(device_) == write_identity(*again));
  CHECK_TRUE(write_twin(device_) == write_twin(*again));
}

TEST(Device, RefusesARecordThatLacksSomething) {
  CHECK_TRUE(from_record("{}").error().code == Errc::corrupt);
  CHECK_TRUE(from_record("").error().code == Errc::corrupt);
}

TEST(Device, MakesItsEtagOfEightBytes) {
  STRCMP_EQUAL("AAAAAAAAAAE=", etag_of(1).c_str());
  STRCMP_EQUAL("AAAAAAAAAQA=", etag_of(256).c_str());
}
