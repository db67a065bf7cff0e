#include "shared/domain/audit/chain.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/fields.hpp"

namespace berth::domain {
namespace {

// What is hashed begins with what it is, so that no hash of one thing is one of another.
constexpr std::string_view kContentLabel = "berth audit content 1";
constexpr std::string_view kEntryLabel = "berth audit entry 1";
constexpr std::uint8_t kSegmentFormat = 1;

Error broken(std::uint64_t sequence, const std::string& what) {
  return {Errc::corrupt, "entry " + std::to_string(sequence) + " " + what};
}

template <std::size_t N>
void read_array(FieldReader& reader, std::array<std::uint8_t, N>& to) {
  const ByteView bytes = reader.raw(N);
  if (bytes.size() == N) std::copy(bytes.begin(), bytes.end(), to.begin());
}

void write_content(FieldWriter& writer, const AuditEntry& entry) {
  writer.raw(entry.salt).u64(static_cast<std::uint64_t>(unix_micros(entry.time)));
  writer.text(entry.note.tenant.str()).text(entry.note.kind);
  writer.u32(static_cast<std::uint32_t>(entry.note.fields.size()));
  for (const AuditField& field : entry.note.fields) writer.text(field.name).text(field.value);
}

bool read_content(FieldReader& reader, AuditEntry& entry) {
  read_array(reader, entry.salt);
  entry.time = from_unix_micros(static_cast<std::int64_t>(reader.u64()));
  entry.note.tenant = IdScope(std::string(reader.text()));
  entry.note.kind = std::string(reader.text());
  const std::uint32_t fields = reader.u32();
  if (!reader.ok() || fields > kMaxAuditFields) return false;
  for (std::uint32_t i = 0; i < fields; ++i) {
    AuditField field;
    field.name = std::string(reader.text());
    field.value = std::string(reader.text());
    entry.note.fields.push_back(std::move(field));
  }
  return reader.ok();
}

}  // namespace

Bytes encode_content(const AuditEntry& entry) {
  FieldWriter writer;
  writer.text(kContentLabel);
  write_content(writer, entry);
  return writer.take();
}

AuditHash content_digest(const AuditEntry& entry, ports::Crypto& crypto) {
  return crypto.sha256(encode_content(entry));
}

AuditHash entry_hash(const std::string& chain, std::uint64_t sequence, const AuditHash& previous,
                     const AuditHash& content, ports::Crypto& crypto) {
  FieldWriter writer;
  writer.text(kEntryLabel).text(chain).u64(sequence).raw(previous).raw(content);
  return crypto.sha256(writer.take());
}

AuditEntry append_entry(AuditPosition& head, const std::string& chain, AuditNote note,
                        const AuditSalt& salt, WallTime now, ports::Crypto& crypto) {
  AuditEntry entry;
  entry.sequence = head.sequence + 1;
  entry.previous = head.hash;
  entry.salt = salt;
  entry.time = std::max(now, head.time);
  entry.note = fit(std::move(note));
  head.hash =
      entry_hash(chain, entry.sequence, entry.previous, content_digest(entry, crypto), crypto);
  head.sequence = entry.sequence;
  head.time = entry.time;
  return entry;
}

Result<AuditHash> ChainVerifier::hash_of(const AuditEntry& entry) const {
  if (entry.sequence != position_.sequence + 1) {
    return broken(position_.sequence + 1,
                  "is missing: entry " + std::to_string(entry.sequence) + " stands in its place");
  }
  if (entry.previous != position_.hash) {
    return broken(entry.sequence, "does not follow the entry before it");
  }
  if (entry.time < position_.time) {
    return broken(entry.sequence, "is older than the entry before it");
  }
  return entry_hash(chain_, entry.sequence, entry.previous, content_digest(entry, crypto_),
                    crypto_);
}

Result<void> ChainVerifier::take(const AuditEntry& entry) {
  const auto hash = hash_of(entry);
  if (!hash) return hash.error();
  position_ = {entry.sequence, *hash, entry.time};
  return {};
}

Result<void> ChainVerifier::take(const AuditEntry& entry, const AuditHash& claimed) {
  const auto hash = hash_of(entry);
  if (!hash) return hash.error();
  if (*hash != claimed) return broken(entry.sequence, "was changed: its hash does not fit");
  position_ = {entry.sequence, *hash, entry.time};
  return {};
}

Result<void> ChainVerifier::take_hidden(std::uint64_t sequence, const AuditHash& content,
                                        const AuditHash& claimed) {
  if (sequence != position_.sequence + 1) {
    return broken(position_.sequence + 1,
                  "is missing: entry " + std::to_string(sequence) + " stands in its place");
  }
  const AuditHash hash = entry_hash(chain_, sequence, position_.hash, content, crypto_);
  if (hash != claimed) return broken(sequence, "was changed: its hash does not fit");
  position_ = {sequence, hash, position_.time};
  return {};
}

Bytes encode_segment(const AuditSegment& segment) {
  BERTH_ASSERT(!segment.entries.empty());
  FieldWriter writer;
  writer.u8(kSegmentFormat);
  writer.u32(static_cast<std::uint32_t>(segment.entries.size()));
  for (const AuditEntry& entry : segment.entries) {
    writer.u64(entry.sequence).raw(entry.previous);
    write_content(writer, entry);
  }
  return writer.take();
}

Result<AuditSegment> decode_segment(ByteView encoded) {
  const Error unreadable{Errc::corrupt, "a segment of the audit log can't be read"};
  FieldReader reader(encoded);
  if (encoded.size() > kMaxSegmentSize || reader.u8() != kSegmentFormat) return unreadable;
  const std::uint32_t count = reader.u32();
  if (!reader.ok() || count == 0 || count > kMaxSegmentEntries) return unreadable;
  AuditSegment segment;
  for (std::uint32_t i = 0; i < count; ++i) {
    AuditEntry& entry = segment.entries.emplace_back();
    entry.sequence = reader.u64();
    read_array(reader, entry.previous);
    if (!read_content(reader, entry)) return unreadable;
  }
  if (!reader.at_end()) return unreadable;
  return segment;
}

std::size_t segment_cost(const AuditNote& note) {
  constexpr std::size_t kFixed = 128;
  constexpr std::size_t kPerField = 8;
  std::size_t cost = kFixed + note.tenant.str().size() + note.kind.size();
  for (const AuditField& field : note.fields) {
    cost += kPerField + field.name.size() + field.value.size();
  }
  return cost;
}

}  // namespace berth::domain
