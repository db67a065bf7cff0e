#include "gateway/core/registration/registration_etag.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;

TEST_GROUP(RegistrationEtag){};

TEST(RegistrationEtag, IsMadeOfVersionAndCreationTime) {
  STRCMP_EQUAL("0000002a-0000-0100-0000-0646ad2cc000",
               gateway::registration_etag(42, from_unix_micros(0x646AD2CC000)).c_str());
}
