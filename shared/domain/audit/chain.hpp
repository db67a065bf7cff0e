// The audit chain: entries in which each names the hash of the one before, so that none can be
// changed, left out, added or moved without all that follow showing it (docs/formats/audit.md).
//
// A hash has two steps. The content (time, tenant, kind, fields and a random salt) has a digest of
// its own, and the entry's hash binds that digest to its place in the chain. So an export may hide
// what is another tenant's behind its digest, and the chain still proves whole; the salt keeps a
// short content from being guessed by its digest.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/audit/note.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

using AuditHash = ports::Sha256Digest;
using AuditSalt = std::array<std::uint8_t, 16>;

// The end of a chain so far; all zero before the first entry.
struct AuditPosition {
  std::uint64_t sequence = 0;
  AuditHash hash{};
  WallTime time{};

  friend bool operator==(const AuditPosition&, const AuditPosition&) = default;
};

struct AuditEntry {
  std::uint64_t sequence = 0;  // from 1, without holes
  AuditHash previous{};        // the hash of the entry before; zero in the first
  AuditSalt salt{};
  WallTime time{};  // never before the entry's predecessor
  AuditNote note;
};

// What of an entry is hashed first.
[[nodiscard]] Bytes encode_content(const AuditEntry& entry);
[[nodiscard]] AuditHash content_digest(const AuditEntry& entry, ports::Crypto& crypto);
[[nodiscard]] AuditHash entry_hash(const std::string& chain, std::uint64_t sequence,
                                   const AuditHash& previous, const AuditHash& content,
                                   ports::Crypto& crypto);

// The next entry, and `head` moved to it. A clock that was set back does not set the chain back.
[[nodiscard]] AuditEntry append_entry(AuditPosition& head, const std::string& chain, AuditNote note,
                                      const AuditSalt& salt, WallTime now, ports::Crypto& crypto);

// Follows a chain entry by entry. After an error it stands at the last entry that was right.
class ChainVerifier {
 public:
  // `from`: what the first entry must follow; a default position for a whole chain.
  ChainVerifier(std::string chain, const AuditPosition& from, ports::Crypto& crypto)
      : chain_(std::move(chain)), position_(from), crypto_(crypto) {}

  // Errc::corrupt, naming the entry, if it is not the next one.
  [[nodiscard]] Result<void> take(const AuditEntry& entry);
  // The same with the hash that somebody gives for the entry.
  [[nodiscard]] Result<void> take(const AuditEntry& entry, const AuditHash& claimed);
  // An entry of which only the content's digest is known.
  [[nodiscard]] Result<void> take_hidden(std::uint64_t sequence, const AuditHash& content,
                                         const AuditHash& claimed);

  [[nodiscard]] const AuditPosition& position() const { return position_; }
  [[nodiscard]] const std::string& chain() const { return chain_; }

 private:
  [[nodiscard]] Result<AuditHash> hash_of(const AuditEntry& entry) const;

  std::string chain_;
  AuditPosition position_;
  ports::Crypto& crypto_;
};

// Entries as they are stored and sent: those that one transaction appended, or a part of them.
struct AuditSegment {
  std::vector<AuditEntry> entries;  // at least one
};

// A segment's encoding stays within this; its record within store::kMaxRecordSize.
inline constexpr std::size_t kMaxSegmentSize = 200 * 1024;
inline constexpr std::size_t kMaxSegmentEntries = 512;

[[nodiscard]] Bytes encode_segment(const AuditSegment& segment);
// Errc::corrupt for anything that encode_segment() does not write. The links inside are not
// checked.
[[nodiscard]] Result<AuditSegment> decode_segment(ByteView encoded);
// How many bytes an entry takes of a segment, at most.
[[nodiscard]] std::size_t segment_cost(const AuditNote& note);

}  // namespace berth::domain
