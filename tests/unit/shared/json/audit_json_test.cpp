#include "shared/json/audit_json.hpp"

#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

using namespace berth;
using namespace berth::json;

namespace {

const WallTime kNow = from_unix_micros(1767225600123456);

domain::AuditPosition position() {
  domain::AuditPosition at;
  at.sequence = 12;
  at.hash.fill(0xAB);
  at.time = kNow;
  return at;
}

std::vector<AuditLine> every_line() {
  AuditShown shown;
  shown.entry.sequence = 13;
  shown.entry.time = kNow;
  shown.entry.previous.fill(0xAB);
  shown.entry.salt.fill(7);
  shown.entry.note.tenant = domain::IdScope("0ne00000001");
  shown.entry.note.kind = "change";
  shown.entry.note.add("actor", "policy x").add("after", "{\"name\":\"Grö\\u00dfe\\n\"}");
  shown.hash.fill(1);
  domain::AuditSeal seal;
  seal.chain = "node-1";
  seal.position = position();
  seal.signer = "gateway-1";
  seal.signed_at = kNow;
  seal.signature = {1, 2, 3};
  seal.certificate = {4};
  return {AuditBegin{"node-1", position(), "0ne00000001", "node-1", Bytes{1, 2}},
          shown,
          AuditHidden{14, {}, {}},
          AuditMissing{15, 20},
          seal,
          AuditEnd{"node-1", position(), kNow, Bytes{5}},
          AuditDone{1, {}, kNow, Bytes{6}}};
}

}  // namespace

TEST_GROUP(AuditJson){};

TEST(AuditJson, ReadsBackEveryLineThatItWrites) {
  std::size_t kind = 0;
  for (const AuditLine& line : every_line()) {
    const std::string text = write_audit_line(line);
    CHECK_TRUE(text.find('\n') == std::string::npos);
    const auto read = read_audit_line(text);
    CHECK_TRUE_TEXT(read.has_value(), text.c_str());
    // A section's beginning has no time.
    CHECK_EQUAL(kind, read->index());
    STRCMP_EQUAL(text.c_str(), write_audit_line(*read).c_str());
    ++kind;
  }
}

TEST(AuditJson, KeepsEveryFieldOfAnEntry) {
  const auto before = std::get<AuditShown>(every_line()[1]);
  const auto read = read_audit_line(write_audit_line(before));
  const auto& after = std::get<AuditShown>(*read);
  CHECK_TRUE(after.entry.note.fields == before.entry.note.fields);
  CHECK_TRUE(after.entry.time == before.entry.time);
  CHECK_TRUE(domain::encode_content(after.entry) == domain::encode_content(before.entry));
}

TEST(AuditJson, RefusesWhatIsWrittenAnotherWay) {
  const std::string text = write_audit_line(AuditMissing{15, 20});
  CHECK_TRUE(read_audit_line(text).has_value());
  for (const std::string& other :
       {" " + text, text + " ", std::string(R"({"from":15,"line":"missing","to":20})"),
        std::string(R"({"line":"missing","from":15,"to":20,"more":1})"),
        std::string(R"({"line":"missing","from":15})"),
        std::string(R"({"line":"missing","from":-15,"to":20})"),
        std::string(R"({"line":"missing","from":"15","to":20})"),
        std::string(R"({"line":"other"})"), std::string("[]"), std::string()}) {
    CHECK_FALSE_TEXT(read_audit_line(other).has_value(), other.c_str());
  }
}

TEST(AuditJson, RefusesALineCutShortAnywhere) {
  for (const AuditLine& line : every_line()) {
    const std::string text = write_audit_line(line);
    for (std::size_t size = 0; size < text.size(); ++size) {
      CHECK_FALSE(read_audit_line(text.substr(0, size)).has_value());
    }
  }
}
