#include "shared/domain/audit/chain.hpp"

#include <string>
#include <vector>

#include <CppUTest/TestHarness.h>

#include "shared/base/encoding.hpp"
#include "shared/crypto/mbedtls/mbedtls.hpp"

using namespace berth;
using namespace berth::domain;

TEST_GROUP(AuditChain) {
  const std::string chain = "node-1";
  const WallTime start = from_unix_seconds(1767225600);
  std::unique_ptr<ports::Crypto> crypto = crypto::make_mbedtls_crypto();

  AuditEntry next(AuditPosition & head, const std::string& id, std::int64_t second = 0) {
    AuditNote note;
    note.tenant = IdScope("0neAA000001");
    note.kind = "assigned";
    note.add("registrationId", id);
    AuditSalt salt{};
    salt.fill(static_cast<std::uint8_t>(head.sequence));
    return append_entry(head, chain, note, salt, start + std::chrono::seconds(second), *crypto);
  }

  std::vector<AuditEntry> five() {
    AuditPosition head;
    std::vector<AuditEntry> entries;
    for (int i = 0; i < 5; ++i) entries.push_back(next(head, "dev-" + std::to_string(i), i));
    last = head;
    return entries;
  }

  // The first entry that does not fit, or 0.
  std::uint64_t first_broken(const std::vector<AuditEntry>& entries) {
    ChainVerifier verifier(chain, {}, *crypto);
    for (const AuditEntry& entry : entries) {
      if (!verifier.take(entry)) return verifier.position().sequence + 1;
    }
    return verifier.position() == last ? 0 : verifier.position().sequence + 1;
  }

  AuditPosition last;
};

TEST(AuditChain, ProvesWhatWasAppended) {
  CHECK_EQUAL(0, first_broken(five()));
}

// A vector, so that an export can be checked by another's program (docs/formats/audit.md).
TEST(AuditChain, HashesAsTheDocumentSays) {
  AuditPosition head;
  const AuditEntry entry = next(head, "dev-1");
  STRCMP_EQUAL(
      "00000015626572746820617564697420636f6e74656e742031"  // "berth audit content 1"
      "00000000000000000000000000000000"                    // salt
      "0006474846204000"                                    // 2026-01-01T00:00:00Z
      "0000000b306e654141303030303031"                      // tenant
      "0000000861737369676e6564"                            // kind
      "00000001"                                            // fields
      "0000000e726567697374726174696f6e4964"
      "000000056465762d31",
      to_hex(encode_content(entry)).c_str());
  STRCMP_EQUAL("2073f950273a40666bf5fdf0fee23322e17ee89edb36ac0dff2cf7fef3648bbc",
               to_hex(content_digest(entry, *crypto)).c_str());
  STRCMP_EQUAL("3ea22a6f21e4aee097527c7d8dd39896e608ac727470822c5bb514a331c2d088",
               to_hex(head.hash).c_str());
}

TEST(AuditChain, FindsAnEntryThatWasLeftOut) {
  auto entries = five();
  entries.erase(entries.begin() + 2);
  CHECK_EQUAL(3, first_broken(entries));
}

TEST(AuditChain, FindsTheFirstOfTwoThatWereExchanged) {
  auto entries = five();
  std::swap(entries[1], entries[2]);
  CHECK_EQUAL(2, first_broken(entries));
}

TEST(AuditChain, FindsExchangedContents) {
  auto entries = five();
  std::swap(entries[1].note, entries[2].note);
  CHECK_TRUE(first_broken(entries) != 0);
}

TEST(AuditChain, FindsAnEntryThatWasPutIn) {
  auto entries = five();
  entries.insert(entries.begin() + 2, entries[2]);
  CHECK_EQUAL(4, first_broken(entries));
}

TEST(AuditChain, FindsThatTheEndIsMissing) {
  auto entries = five();
  entries.pop_back();
  CHECK_EQUAL(5, first_broken(entries));
}

TEST(AuditChain, FindsAnyFlippedBitOfItsSegment) {
  const auto entries = five();
  const Bytes whole = encode_segment({entries});
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    const auto segment = decode_segment(flipped);
    CHECK_TRUE(!segment || first_broken(segment->entries) != 0);
  }
}

TEST(AuditChain, NeverGoesBackInTime) {
  AuditPosition head;
  next(head, "dev-1", 100);
  const AuditEntry second = next(head, "dev-2", 50);
  CHECK_TRUE(second.time == start + std::chrono::seconds(100));
}

TEST(AuditChain, RefusesAnEntryOlderThanTheOneBefore) {
  AuditPosition head;
  const AuditEntry first = next(head, "dev-1", 100);
  AuditPosition forged = head;
  forged.time = start;
  const AuditEntry second = next(forged, "dev-2", 50);
  ChainVerifier verifier(chain, {}, *crypto);
  CHECK_TRUE(verifier.take(first).has_value());
  CHECK_FALSE(verifier.take(second).has_value());
}

TEST(AuditChain, BelongsToItsNode) {
  const auto entries = five();
  ChainVerifier verifier("node-2", {}, *crypto);
  CHECK_TRUE(verifier.take(entries.front()).has_value());
  CHECK_FALSE(verifier.take(entries[1]).has_value());
}

TEST(AuditChain, GoesOnBehindWhatIsHidden) {
  const auto entries = five();
  ChainVerifier verifier(chain, {}, *crypto);
  for (const AuditEntry& entry : entries) {
    const AuditHash content = content_digest(entry, *crypto);
    const AuditHash hash = entry_hash(chain, entry.sequence, entry.previous, content, *crypto);
    const auto taken = entry.sequence % 2 == 0
                           ? verifier.take(entry, hash)
                           : verifier.take_hidden(entry.sequence, content, hash);
    CHECK_TRUE(taken.has_value());
  }
  CHECK_TRUE(verifier.position().hash == last.hash);
}

TEST(AuditChain, RefusesAHiddenEntryWithAnotherDigest) {
  const auto entries = five();
  ChainVerifier verifier(chain, {}, *crypto);
  const AuditHash other = content_digest(entries[1], *crypto);
  const AuditHash hash = entry_hash(chain, 1, {}, content_digest(entries[0], *crypto), *crypto);
  CHECK_FALSE(verifier.take_hidden(1, other, hash).has_value());
}

TEST(AuditChain, RefusesAnEntryWithAnotherHash) {
  const auto entries = five();
  ChainVerifier verifier(chain, {}, *crypto);
  CHECK_FALSE(verifier.take(entries.front(), last.hash).has_value());
}

TEST(AuditChain, ReadsBackASegment) {
  const auto entries = five();
  const auto read = decode_segment(encode_segment({entries}));
  CHECK_TRUE(read.has_value());
  CHECK_EQUAL(0, first_broken(read->entries));
  CHECK_TRUE(read->entries[3].note.fields == entries[3].note.fields);
}

TEST(AuditChain, RefusesASegmentCutShortAnywhere) {
  const Bytes whole = encode_segment({five()});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(decode_segment(ByteView(whole).first(size)).has_value());
  }
}

TEST(AuditChain, ReadsAsManyEntriesAsASegmentMayHold) {
  AuditPosition head;
  AuditSegment segment;
  for (std::size_t i = 0; i < kMaxSegmentEntries; ++i) segment.entries.push_back(next(head, "d"));
  CHECK_TRUE(decode_segment(encode_segment(segment)).has_value());
  segment.entries.push_back(next(head, "d"));
  CHECK_FALSE(decode_segment(encode_segment(segment)).has_value());
}

TEST(AuditChain, NoEntryCostsMoreOfASegmentThanSaid) {
  AuditPosition head;
  const AuditEntry one = next(head, "dev-1");
  const AuditEntry two = next(head, std::string(1000, 'x'));
  const std::size_t added = encode_segment({{one, two}}).size() - encode_segment({{one}}).size();
  CHECK_TRUE(added <= segment_cost(two.note));
}

TEST(AuditChain, TheLargestNoteFitsASegment) {
  AuditPosition head;
  AuditNote note;
  for (std::size_t i = 0; i < kMaxAuditFields; ++i) {
    note.add(std::to_string(i) + std::string(kMaxAuditName, 'n'), std::string(kMaxAuditValue, 'v'));
  }
  const AuditEntry entry = append_entry(head, chain, note, {}, start, *crypto);
  CHECK_TRUE(segment_cost(entry.note) <= kMaxSegmentSize);
  CHECK_TRUE(decode_segment(encode_segment({{entry}})).has_value());
}
