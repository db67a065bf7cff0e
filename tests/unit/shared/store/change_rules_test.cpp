#include "shared/store/change_rules.hpp"

#include <limits>
#include <optional>
#include <string>

#include <CppUTest/TestHarness.h>

using berth::Errc;
using berth::Result;
using namespace berth::store;

namespace {

Change valid() {
  Change change;
  change.table = Table::linked_hub;
  change.id = "hub-1";
  return change;
}

Errc code_of(const Result<void>& result) {
  CHECK_FALSE(result.has_value());
  // The admin reads which kind of record it was.
  CHECK(result.error().reason.find("linked_hub") != std::string::npos);
  return result.error().code;
}

Result<void> expecting(std::optional<std::uint64_t> expected,
                       std::optional<std::uint64_t> current) {
  Change change = valid();
  change.expected_version = expected;
  return check_expected(change, current);
}

}  // namespace

TEST_GROUP(ChangeRules){};

TEST(ChangeRules, LogsTablesBelow32) {
  CHECK(is_logged(Table::individual_enrollment));
  CHECK(is_logged(static_cast<Table>(31)));
  CHECK_FALSE(is_logged(Table::hub_credential));
  CHECK_FALSE(is_logged(Table::last_attempt));
}

TEST(ChangeRules, TakesWhatIsAtTheLimits) {
  Change change = valid();
  change.id = std::string(kMaxRecordId, 'x');
  change.body.resize(kMaxRecordSize);
  change.terms.assign(kMaxTerms, {Index::issuer_subject, std::string(kMaxTermSize, 'x')});
  change.version = std::numeric_limits<std::int64_t>::max() - 1;
  CHECK(check_limits(change).has_value());
}

TEST(ChangeRules, RefusesWhatIsOnePastALimit) {
  Change change = valid();
  change.id = std::string(kMaxRecordId + 1, 'x');
  CHECK(code_of(check_limits(change)) == Errc::too_large);
  change = valid();
  change.body.resize(kMaxRecordSize + 1);
  CHECK(code_of(check_limits(change)) == Errc::too_large);
  change = valid();
  change.terms.resize(kMaxTerms + 1);
  CHECK(code_of(check_limits(change)) == Errc::too_large);
  change = valid();
  change.terms = {{Index::issuer_subject, std::string(kMaxTermSize + 1, 'x')}};
  CHECK(code_of(check_limits(change)) == Errc::too_large);
  change = valid();
  change.version = std::numeric_limits<std::int64_t>::max();
  CHECK(code_of(check_limits(change)) == Errc::invalid);
  change = valid();
  change.id.clear();
  CHECK(code_of(check_limits(change)) == Errc::invalid);
}

TEST(ChangeRules, TakesAnythingWhereNothingIsExpected) {
  CHECK(expecting(std::nullopt, std::nullopt).has_value());
  CHECK(expecting(std::nullopt, 5).has_value());
}

TEST(ChangeRules, TellsApartTheWaysToBeUnexpected) {
  CHECK(expecting(0, std::nullopt).has_value());
  CHECK(code_of(expecting(0, 5)) == Errc::already_exists);
  CHECK(expecting(5, 5).has_value());
  CHECK(code_of(expecting(5, std::nullopt)) == Errc::not_found);
  CHECK(code_of(expecting(5, 6)) == Errc::version_mismatch);
}

TEST(ChangeRules, CountsUpUnlessTheCallerCounts) {
  Change change = valid();
  CHECK(next_version(change, std::nullopt) == 1);
  CHECK(next_version(change, 5) == 6);
  change.version = 3;
  CHECK(next_version(change, 5) == 3);
}
