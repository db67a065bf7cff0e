#include "coordinator/store/etag.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/base/bytes.hpp"
#include "shared/base/encoding.hpp"

using namespace berth;
using coordinator::etag_matches;
using coordinator::etag_of;

namespace {

const std::string kEtag = etag_of(42, from_unix_micros(0x60d1d5e50001));

}  // namespace

TEST_GROUP(Etag){};

TEST(Etag, HoldsVersionAndTimeOfCreationInQuotes) {
  STRCMP_EQUAL("\"0000002a-0000-0100-0000-60d1d5e50001\"", kEtag.c_str());
}

TEST(Etag, DiffersAfterDeletingAndMakingARecordAgain) {
  CHECK(etag_of(1, from_unix_micros(1)) != etag_of(1, from_unix_micros(2)));
}

TEST(Etag, MatchesWithAndWithoutQuotesAndWeakMark) {
  const std::string bare = kEtag.substr(1, kEtag.size() - 2);
  CHECK(etag_matches(kEtag, kEtag));
  CHECK(etag_matches(bare, kEtag));
  CHECK(etag_matches("W/" + kEtag, kEtag));
  CHECK(etag_matches(kEtag, bare));
}

TEST(Etag, MatchesInBase64AsRegistrationStatesShowIt) {
  CHECK(etag_matches(to_base64(as_bytes(kEtag)), kEtag));
}

TEST(Etag, MatchesAnyForAStarQuotedOrNot) {
  CHECK(etag_matches("*", kEtag));
  CHECK(etag_matches("\"*\"", kEtag));
}

TEST(Etag, MatchesNothingElse) {
  CHECK_FALSE(etag_matches("", kEtag));
  CHECK_FALSE(etag_matches("\"\"", kEtag));
  CHECK_FALSE(etag_matches(etag_of(43, from_unix_micros(0x60d1d5e50001)), kEtag));
}
