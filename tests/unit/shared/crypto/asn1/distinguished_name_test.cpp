#include "shared/crypto/asn1/distinguished_name.hpp"

#include <string_view>

#include <CppUTest/TestHarness.h>

#include "shared/crypto/asn1/der_reader.hpp"
#include "tests/unit/shared/crypto/asn1/der_writer.hpp"

namespace berth::crypto::asn1 {
namespace {

using namespace std::string_view_literals;
using testing::der;
using testing::joined;

constexpr auto kCn = "\x55\x04\x03"sv;
constexpr auto kO = "\x55\x04\x0A"sv;

Bytes attribute(std::string_view oid, std::uint8_t value_tag, std::string_view value) {
  return der(tag::kSequence, joined({der(tag::kObjectIdentifier, oid), der(value_tag, value)}));
}

Bytes name(std::initializer_list<Bytes> attributes) {
  Bytes all;
  for (const Bytes& one : attributes) append(all, der(tag::kSet, one));
  return der(tag::kSequence, all);
}

Bytes common_name(std::uint8_t value_tag, std::string_view value) {
  return name({attribute(kCn, value_tag, value)});
}

TEST_GROUP(DistinguishedName){void check_text(const char* expected, const Bytes& encoded){
    const std::optional<NameText> text = read_name(encoded);
CHECK(text.has_value());
STRCMP_EQUAL(expected, text->text.c_str());
}  // namespace
void check_refused(const Bytes& encoded) {
  CHECK(!read_name(encoded).has_value());
}
};  // namespace berth::crypto::asn1

TEST(DistinguishedName, KeepsTheEncodedOrder) {
  check_text("O=Example, CN=dev-1", name({attribute(kO, tag::kPrintableString, "Example"),
                                          attribute(kCn, tag::kUtf8String, "dev-1")}));
}

TEST(DistinguishedName, MayBeEmpty) {
  check_text("", name({}));
}

TEST(DistinguishedName, JoinsTheMembersOfASet) {
  const Bytes both =
      joined({attribute(kCn, tag::kUtf8String, "a"), attribute(kO, tag::kUtf8String, "b")});
  check_text("CN=a + O=b", name({both}));
}

TEST(DistinguishedName, TellsTheLastCommonName) {
  const std::optional<NameText> text = read_name(
      name({attribute(kCn, tag::kUtf8String, "one"), attribute(kCn, tag::kUtf8String, "a,b")}));
  STRCMP_EQUAL("CN=one, CN=a\\,b", text->text.c_str());
  STRCMP_EQUAL("a,b", text->common_name.c_str());
}

TEST(DistinguishedName, EscapesWhatCouldBeTakenForAnotherName) {
  check_text("CN=a\\, O\\+b\\\"\\\\\\<\\>\\;=", common_name(tag::kUtf8String, "a, O+b\"\\<>;="));
  check_text("CN=\\#a#", common_name(tag::kUtf8String, "#a#"));
  check_text("CN=\\ a b\\ ", common_name(tag::kUtf8String, " a b "));
  check_text("CN=a\\00b\\0A\\7F", common_name(tag::kUtf8String, "a\0b\n\x7F"sv));
}

TEST(DistinguishedName, ReadsEveryKindOfText) {
  check_text("CN=\xC3\xA4", common_name(tag::kUtf8String, "\xC3\xA4"));
  check_text("CN=a", common_name(tag::kIa5String, "a"));
  check_text("CN=1", common_name(tag::kNumericString, "1"));
  check_text("CN=a", common_name(tag::kVisibleString, "a"));
  check_text("CN=\xC3\xA4\xE2\x82\xAC", common_name(tag::kBmpString, "\x00\xE4\x20\xAC"sv));
  check_text("CN=\xF0\x9F\x9A\xA2", common_name(tag::kUniversalString, "\x00\x01\xF6\xA2"sv));
}

TEST(DistinguishedName, ShowsOtherValuesInHex) {
  check_text("CN=#0405aabbccddee", common_name(tag::kOctetString, "\xAA\xBB\xCC\xDD\xEE"));
}

TEST(DistinguishedName, ShowsOtherAttributesByNumber) {
  check_text("1.3.6.1.4.1.311.60.2.1.3=DE",
             name({attribute("\x2B\x06\x01\x04\x01\x82\x37\x3C\x02\x01\x03"sv,
                             tag::kPrintableString, "DE")}));
  check_text("2.999=x", name({attribute("\x88\x37"sv, tag::kUtf8String, "x")}));
}

TEST(DistinguishedName, RefusesTextThatIsNotWhatItSays) {
  check_refused(common_name(tag::kUtf8String, "\xC3"));
  check_refused(common_name(tag::kUtf8String, "\xC0\x80"));
  check_refused(common_name(tag::kUtf8String, "\xED\xA0\x80"));
  check_refused(common_name(tag::kUtf8String, "\xF4\x90\x80\x80"));
  check_refused(common_name(tag::kUtf8String, "\xFF"));
  check_refused(common_name(tag::kPrintableString, "\xE4"));
  check_refused(common_name(tag::kBmpString, "\x00"sv));
  check_refused(common_name(tag::kBmpString, "\xD8\x00"sv));
  check_refused(common_name(tag::kUniversalString, "\x00\x11\x00\x00"sv));
}

TEST(DistinguishedName, RefusesOddNumbers) {
  check_refused(name({attribute(""sv, tag::kUtf8String, "x")}));
  check_refused(name({attribute("\x2B\x80\x01"sv, tag::kUtf8String, "x")}));
  check_refused(name({attribute("\x2B\x81"sv, tag::kUtf8String, "x")}));
}

TEST(DistinguishedName, RefusesWhatIsBuiltOtherwise) {
  check_refused({});
  check_refused(der(tag::kSet, Bytes{}));
  check_refused(name({Bytes{}}));
  check_refused(name({der(tag::kSequence, der(tag::kObjectIdentifier, kCn))}));
  check_refused(joined({name({}), Bytes{0}}));
}

TEST(DistinguishedName, LimitsItsAttributes) {
  Bytes all;
  for (std::size_t i = 0; i < kMaxNameAttributes; ++i) {
    append(all, der(tag::kSet, attribute(kCn, tag::kUtf8String, "x")));
  }
  CHECK(read_name(der(tag::kSequence, all)).has_value());
  append(all, der(tag::kSet, attribute(kCn, tag::kUtf8String, "x")));
  check_refused(der(tag::kSequence, all));
}

}  // namespace
}  // namespace berth::crypto::asn1
