#include "shared/protocol/sync/wire_fields.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::sync;

TEST_GROUP(WireFields){};

TEST(WireFields, TakeAnEnumerationUpToItsLast) {
  auto status = domain::ProvisioningStatus::enabled;
  CHECK_TRUE(take_enum(1, domain::ProvisioningStatus::disabled, status));
  CHECK_TRUE(status == domain::ProvisioningStatus::disabled);
  CHECK_FALSE(take_enum(2, domain::ProvisioningStatus::disabled, status));
}

TEST(WireFields, TellErrorsByName) {
  CHECK_TRUE(errc_of("hub_full") == Errc::hub_full);
  CHECK_TRUE(errc_of("malformed") == Errc::malformed);
  CHECK_TRUE(errc_of("of a later version") == Errc::internal);
}

TEST(WireFields, WipeText) {
  std::string text = "a key";
  wipe_text(&text);
  CHECK_TRUE(text == std::string(5, '\0'));
}

TEST(WireFields, RefuseABodyPastTheLimit) {
  // The format, and an unknown field that fills the body to the limit.
  Bytes body = {0x08, 0x01, 0x7a, 0xfa, 0xff, 0x3f};
  body.resize(kMaxBodySize);
  wire::TimeMark message;
  CHECK_TRUE(parse_body(body, "a time mark", message).has_value());
  body[3] = 0xfb;
  body.resize(kMaxBodySize + 1);
  CHECK_TRUE(parse_body(body, "a time mark", message).error().code == Errc::corrupt);
}
