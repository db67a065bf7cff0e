#include "shared/domain/audit/note.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

using namespace berth::domain;

namespace {

std::string fitted(const std::string& value) {
  AuditNote note;
  note.add("value", value);
  return fit(note).fields.front().value;
}

}  // namespace

TEST_GROUP(AuditNote){};

TEST(AuditNote, LeavesAnEmptyValueOut) {
  AuditNote note;
  note.add("hub", "").add("source", "192.0.2.1");
  CHECK_EQUAL(1, note.fields.size());
  STRCMP_EQUAL("source", note.fields.front().name.c_str());
}

TEST(AuditNote, KeepsAValueAtTheLimitAndCutsOnePastIt) {
  const std::string longest(kMaxAuditValue, 'a');
  CHECK_TRUE(fitted(longest) == longest);
  const std::string cut = fitted(longest + "b");
  CHECK_TRUE(cut.starts_with(longest));
  CHECK_TRUE(cut.ends_with("(cut)"));
}

TEST(AuditNote, KeepsAllValuesTogetherWithinTheirLimit) {
  AuditNote note;
  for (int i = 0; i < 5; ++i) {
    note.add("value" + std::to_string(i), std::string(kMaxAuditValue, 'a'));
  }
  std::size_t size = 0;
  for (const AuditField& field : fit(note).fields) size += field.value.size();
  CHECK_TRUE(size >= kMaxAuditNote);
  CHECK_TRUE(size < kMaxAuditNote + 100);
}

TEST(AuditNote, KeepsTheFieldsUpToTheLimitOnly) {
  AuditNote note;
  for (std::size_t i = 0; i <= kMaxAuditFields; ++i) note.add("n" + std::to_string(i), "v");
  CHECK_EQUAL(kMaxAuditFields, fit(note).fields.size());
}

TEST(AuditNote, KeepsUtf8AndReplacesWhatIsNone) {
  STRCMP_EQUAL("Größe €𝄞", fitted("Größe €𝄞").c_str());
  STRCMP_EQUAL("a?b", fitted("a\xFF"
                             "b")
                          .c_str());
  STRCMP_EQUAL("??", fitted("\xC0\x80").c_str());       // overlong
  STRCMP_EQUAL("???", fitted("\xED\xA0\x80").c_str());  // a surrogate
  STRCMP_EQUAL("??", fitted("\xE2\x82").c_str());       // ends too soon
}

TEST(AuditNote, NeverCutsACharacterInTwo) {
  const std::string cut = fitted(std::string(kMaxAuditValue - 1, 'a') + "€");
  CHECK_TRUE(cut.starts_with(std::string(kMaxAuditValue - 1, 'a') + " "));
}

TEST(AuditNote, KeepsTheFirstOfTwoFieldsOfOneName) {
  AuditNote note;
  note.add("hub", "a").add("hub", "b");
  const AuditNote fitted_note = fit(note);
  CHECK_EQUAL(1, fitted_note.fields.size());
  STRCMP_EQUAL("a", fitted_note.fields.front().value.c_str());
}
