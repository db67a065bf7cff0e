#include "shared/store/change_rules.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace berth::store {
namespace {

// SQL integers are signed; one is kept in hand for the next version.
constexpr std::uint64_t kMaxVersion = std::numeric_limits<std::int64_t>::max() - 1;

std::string in_table(Table table) {
  return " in table " + std::string(name_of(table));
}

}  // namespace

Result<void> check_limits(const Change& change) {
  if (change.id.empty())
    return Error{Errc::invalid, "a record without ID" + in_table(change.table)};
  if (change.id.size() > kMaxRecordId) {
    return Error{Errc::too_large, "a record's ID is too long" + in_table(change.table)};
  }
  if (change.body.size() > kMaxRecordSize) {
    return Error{Errc::too_large, "a record is too large" + in_table(change.table)};
  }
  if (change.terms.size() > kMaxTerms) {
    return Error{Errc::too_large, "a record has too many index terms" + in_table(change.table)};
  }
  const bool terms_fit =
      std::all_of(change.terms.begin(), change.terms.end(),
                  [](const IndexTerm& term) { return term.value.size() <= kMaxTermSize; });
  if (!terms_fit) {
    return Error{Errc::too_large, "an index term is too long" + in_table(change.table)};
  }
  if (change.version > kMaxVersion) {
    return Error{Errc::invalid, "a version is out of range" + in_table(change.table)};
  }
  return {};
}

Result<void> check_expected(const Change& change, std::optional<std::uint64_t> current) {
  if (!change.expected_version) return {};
  if (*change.expected_version == 0) {
    if (!current) return {};
    return Error{Errc::already_exists, "the record is there already" + in_table(change.table)};
  }
  if (!current) return Error{Errc::not_found, "the record is not there" + in_table(change.table)};
  if (*current == *change.expected_version) return {};
  return Error{Errc::version_mismatch, "the record is at another version" + in_table(change.table)};
}

std::uint64_t next_version(const Change& change, std::optional<std::uint64_t> current) {
  return change.version != 0 ? change.version : current.value_or(0) + 1;
}

Error no_such_tenant(const domain::IdScope& tenant) {
  return {Errc::not_found, "no tenant has the ID scope \"" + tenant.str() + "\""};
}

}  // namespace berth::store
