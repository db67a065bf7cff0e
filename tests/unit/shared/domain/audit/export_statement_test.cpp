#include "shared/domain/audit/export_statement.hpp"

#include <CppUTest/TestHarness.h>

#include "shared/crypto/mbedtls/mbedtls.hpp"

using namespace berth;
using namespace berth::domain;

TEST_GROUP(ExportStatement) {
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();
  const WallTime now = from_unix_seconds(1767225600);

  AuditSection section() {
    AuditSection one;
    one.chain = "node-1";
    one.after.sequence = 3;
    one.end.sequence = 9;
    one.tenant = "0ne00000001";
    return one;
  }
};

TEST(ExportStatement, SaysWhereASectionBeginsAndEnds) {
  const Bytes whole = section_statement(section(), now);
  for (int member = 0; member < 9; ++member) {
    AuditSection other = section();
    WallTime at = now;
    switch (member) {
      case 0: other.chain = "node-2"; break;
      case 1: --other.after.sequence; break;
      case 2: other.after.hash[0] = 1; break;
      case 3: --other.end.sequence; break;
      case 4: other.end.hash[0] = 1; break;
      case 5: other.tenant.clear(); break;
      case 6: other.coordinator = "node-2"; break;
      case 7: other.seals[0] = 1; break;
      default: at += std::chrono::seconds(1); break;
    }
    CHECK_TRUE(section_statement(other, at) != whole);
  }
}

TEST(ExportStatement, SaysWhichSectionsThereAreAndInWhichOrder) {
  const AuditHash a = add_section_name({}, "a", *crypto);
  const AuditHash ab = add_section_name(a, "b", *crypto);
  const AuditHash ba = add_section_name(add_section_name({}, "b", *crypto), "a", *crypto);
  CHECK_TRUE(a != ab);
  CHECK_TRUE(ab != ba);
  CHECK_TRUE(export_statement(1, a, now) != export_statement(2, ab, now));
  CHECK_TRUE(export_statement(2, ab, now) != export_statement(2, ba, now));
}
