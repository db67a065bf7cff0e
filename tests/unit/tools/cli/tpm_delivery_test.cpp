#include "tools/cli/tpm_delivery.hpp"

#include <string>

#include <CppUTest/TestHarness.h>

#include "shared/json/json_text.hpp"

using namespace berth;
using namespace berth::cli;

TEST_GROUP(TpmDelivery){
    static DeliveryNote read(const std::string& text){auto note = read_delivery_note(text);
CHECK_TEXT(note.has_value(), note ? "" : note.error().reason.c_str());
return std::move(*note);
}
static std::string item(const DeliveredTpm& tpm) {
  return json::serialize(boost::json::value(tpm.item));
}
static void check_refused(const std::string& text, const char* reason) {
  const auto note = read_delivery_note(text);
  CHECK_FALSE(note.has_value());
  CHECK_TRUE(note.error().code == Errc::malformed);
  STRCMP_CONTAINS(reason, note.error().reason.c_str());
}
}
;

TEST(TpmDelivery, NamesChipsByTheirHashOrTheirKey) {
  const DeliveryNote note = read(
      "endorsementKeyHash,endorsementKey,registrationId\r\n"
      "aa11,,press-7\r\n"
      ",AToAAQ==,\r\n");
  LONGS_EQUAL(2, note.tpms.size());
  STRCMP_EQUAL(R"({"endorsementKeyHash":"aa11","registrationId":"press-7"})",
               item(note.tpms[0]).c_str());
  STRCMP_EQUAL(R"({"endorsementKey":"AToAAQ=="})", item(note.tpms[1]).c_str());
  LONGS_EQUAL(3, note.tpms[1].line);
  CHECK_TRUE(note.refused.empty());
}

TEST(TpmDelivery, PassesOverWhatTheSupplierHasBeside) {
  const DeliveryNote note = read(
      "\xEF\xBB\xBF"
      "Pallet, ENDORSEMENTKEYHASH ,Remark\n"
      "7,  aa11 ,\"two\nlines\"\n"
      "\n"
      "8,bb22");
  LONGS_EQUAL(2, note.tpms.size());
  STRCMP_EQUAL("aa11", note.tpms[0].name.c_str());
  LONGS_EQUAL(2, note.tpms[0].line);
  STRCMP_EQUAL("bb22", note.tpms[1].name.c_str());
  LONGS_EQUAL(5, note.tpms[1].line);
}

TEST(TpmDelivery, RefusesRowsThatNameNoChipOrNameItTwice) {
  const DeliveryNote note = read(
      "endorsementKeyHash,endorsementKey\n"
      "aa11,AToAAQ==\n"
      " ,\n"
      "bb22\n");
  LONGS_EQUAL(1, note.tpms.size());
  LONGS_EQUAL(2, note.refused.size());
  LONGS_EQUAL(2, note.refused[0].line);
  STRCMP_EQUAL("the row names its TPM twice", note.refused[0].reason.c_str());
  LONGS_EQUAL(3, note.refused[1].line);
  STRCMP_EQUAL("the row names no TPM", note.refused[1].reason.c_str());
}

TEST(TpmDelivery, NeedsAColumnThatNamesChips) {
  check_refused("", "is empty");
  check_refused("serial,registrationId\n1,press-7\n",
                "names no column endorsementKeyHash or endorsementKey");
  check_refused("endorsementKeyHash,EndorsementKeyHash\naa11,bb22\n", "is there twice");
}

TEST(TpmDelivery, EndsAtWhatIsNoCsv) {
  check_refused("endorsementKeyHash\naa11\n\"bb\"22\n", "line 3: a quote where none can be");
}

TEST(TpmDelivery, ReportsRefusedRowsAsCsv) {
  STRCMP_EQUAL("line,tpm,reason\r\n3,aa11,\"the TPM, and why\"\r\n",
               refusals_as_csv({{3, "aa11", "the TPM, and why"}}).c_str());
}

TEST(TpmDelivery, AListIsWrittenAsANoteThatAdmitsTheSameChips) {
  const std::string hash(64, 'a');
  const auto note = delivery_note_of(boost::json::array{{{"endorsementKeyHash", hash},
                                                         {"enrollmentGroupId", "chips"},
                                                         {"registrationId", "Press-7"}}});
  STRCMP_EQUAL(("endorsementKeyHash,registrationId\r\n" + hash + ",Press-7\r\n").c_str(),
               note->c_str());
  const DeliveryNote again = read(*note);
  LONGS_EQUAL(1, again.tpms.size());
  STRCMP_EQUAL((R"({"endorsementKeyHash":")" + hash + R"(","registrationId":"Press-7"})").c_str(),
               item(again.tpms[0]).c_str());
  CHECK_FALSE(delivery_note_of(boost::json::array{{{"endorsementKeyHash", hash}}}).has_value());
}
