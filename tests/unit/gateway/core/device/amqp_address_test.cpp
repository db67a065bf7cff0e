#include "gateway/core/device/amqp_address.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth::gateway;

TEST_GROUP(AmqpAddress){};

TEST(AmqpAddress, ReadsTheAddressesOfTheSdks) {
  for (const char* text : {
           "0ne00LAB001/registrations/edge-gw.01",                     // Node, C#
           "amqps://localhost/0ne00LAB001/registrations/edge-gw.01",   // C
           "amqps://[::1]:5671/0ne00LAB001/registrations/edge-gw.01",  // C
           "/0ne00LAB001/registrations/edge-gw.01",                    // Java
           "0ne00LAB001/registrations/edge%2Dgw.01",
       }) {
    const auto address = read_amqp_address(text);
    CHECK_TRUE_TEXT(address.has_value(), text);
    STRCMP_EQUAL("0ne00LAB001", address->id_scope.c_str());
    STRCMP_EQUAL("edge-gw.01", address->registration_id.c_str());
  }
}

TEST(AmqpAddress, RefusesWhatNamesNoDevice) {
  for (const char* text : {"", "/", "0ne00LAB001", "0ne00LAB001/registrations/",
                           "/registrations/edge-gw.01", "amqps://localhost", "amqps://",
                           "0ne00LAB001/devices/edge-gw.01", "0ne00LAB001/registrations/%zz"}) {
    CHECK_FALSE_TEXT(read_amqp_address(text).has_value(), text);
  }
}

TEST(AmqpAddress, DoesNotDifferByCase) {
  CHECK_TRUE(is_same_device({"0ne00LAB001", "dev-1"}, {"0NE00lab001", "DEV-1"}));
  CHECK_FALSE(is_same_device({"0ne00LAB001", "dev-1"}, {"0ne00LAB001", "dev-2"}));
  CHECK_FALSE(is_same_device({"0ne00LAB001", "dev-1"}, {"0ne00LAB002", "dev-1"}));
}
