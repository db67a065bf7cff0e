#include "shared/protocol/record_etag.hpp"

#include <CppUTest/TestHarness.h>

using namespace berth;
using protocol::record_etag;

TEST_GROUP(RecordEtag){};

TEST(RecordEtag, IsMadeOfVersionAndCreationTime) {
  STRCMP_EQUAL("0000002a-0000-0100-0000-0646ad2cc000",
               record_etag(42, from_unix_micros(0x646AD2CC000)).c_str());
}

TEST(RecordEtag, DiffersAfterDeletingAndMakingARecordAgain) {
  CHECK(record_etag(1, from_unix_micros(1)) != record_etag(1, from_unix_micros(2)));
}
