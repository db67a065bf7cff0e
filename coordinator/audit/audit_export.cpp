#include "coordinator/audit/audit_export.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/base/fields.hpp"
#include "shared/domain/audit/export_statement.hpp"

namespace berth::coordinator {
namespace {

constexpr std::string_view kCursorLabel = "berth audit cursor 1";
constexpr std::size_t kMaxCursor = 4096;

void write(FieldWriter& writer, const domain::AuditPosition& position) {
  writer.u64(position.sequence).raw(position.hash);
  writer.u64(static_cast<std::uint64_t>(unix_micros(position.time)));
}

void read_hash(FieldReader& reader, domain::AuditHash& to) {
  const ByteView hash = reader.raw(to.size());
  if (reader.ok()) std::copy(hash.begin(), hash.end(), to.begin());
}

void read(FieldReader& reader, domain::AuditPosition& position) {
  position.sequence = reader.u64();
  read_hash(reader, position.hash);
  position.time = from_unix_micros(static_cast<std::int64_t>(reader.u64()));
}

// What the pages of one export have in common.
domain::AuditHash digest_of(const AuditExport::Request& request, ports::Crypto& crypto) {
  FieldWriter writer;
  for (const std::string& chain : request.chains) writer.text(chain);
  writer.text(request.tenant.str());
  for (const auto& bound : {request.from, request.until}) {
    writer.u8(bound ? 1 : 0);
    writer.u64(bound ? static_cast<std::uint64_t>(unix_micros(*bound)) : 0);
  }
  return crypto.sha256(writer.take());
}

}  // namespace

// Where an export stands. The sections before `section` are complete.
struct AuditExport::Cursor {
  domain::AuditHash request{};
  std::uint64_t section = 0;
  domain::AuditHash names{};
  bool is_open = false;  // the section has begun
  domain::AuditPosition after;
  domain::AuditPosition at;    // the last entry written
  std::uint64_t segment = 0;   // where the next one is
  std::uint64_t segments = 0;  // the end of the section, as it was when the section began
};

Result<AuditExport::Page> AuditExport::page(const Request& request) const {
  Cursor cursor;
  cursor.request = digest_of(request, crypto_);
  if (!request.continuation.empty()) {
    auto read = read_cursor(request.continuation);
    if (!read) return read.error();
    if (read->request != cursor.request) {
      return Error{Errc::invalid, "the continuation is of another export"};
    }
    cursor = *read;
  }
  Page page;
  while (cursor.section < request.chains.size()) {
    if (!cursor.is_open) {
      if (const auto begun = begin_section(request, cursor, page); !begun) return begun.error();
    }
    const auto more = write_entries(request, cursor, page);
    if (!more) return more.error();
    if (*more) {
      auto continuation = sign_cursor(cursor);
      if (!continuation) return continuation.error();
      page.continuation = std::move(*continuation);
      return page;
    }
    if (const auto ended = end_section(request, cursor, page); !ended) return ended.error();
  }
  if (const auto ended = end_export(cursor, page); !ended) return ended.error();
  return page;
}

Result<void> AuditExport::begin_section(const Request& request, Cursor& cursor, Page& page) const {
  const std::string& chain = request.chains[cursor.section];
  const auto found = store::read_chain(store_, chain);
  if (!found) return found.error();
  if (!*found) return Error{Errc::not_found, "there is no audit log " + chain};
  const domain::AuditChainState& state = **found;
  cursor.is_open = true;
  cursor.segment = state.first_segment;
  cursor.segments = state.next_segment;
  cursor.after = state.pruned;
  if (request.from) {
    const auto first = find_segment(chain, state, *request.from);
    if (!first) return first.error();
    cursor.segment = *first;
    // The entries before `from` within that segment go too.
    cursor.after = state.head;
    std::uint64_t number = *first;
    bool is_found = false;
    for (; number < state.next_segment && !is_found; ++number) {
      const auto record =
          store_.read(store::kNode, store::Table::audit_segment, store::segment_id(chain, number));
      if (!record) return record.error();
      if (!*record) continue;
      const auto segment = domain::decode_segment((*record)->body);
      if (!segment) return segment.error();
      for (const domain::AuditEntry& entry : segment->entries) {
        if (entry.time < *request.from) continue;
        cursor.after = {entry.sequence - 1, entry.previous, {}};
        is_found = true;
        break;
      }
    }
  }
  cursor.at = cursor.after;
  cursor.names = domain::add_section_name(cursor.names, chain, crypto_);
  page.lines.push_back(json::write_audit_line(json::AuditBegin{
      chain, cursor.after, request.tenant.str(), coordinator_.str(), ca_.certificate()}));
  return {};
}

Result<bool> AuditExport::write_entries(const Request& request, Cursor& cursor, Page& page) const {
  const std::string& chain = request.chains[cursor.section];
  std::size_t size = 0;
  std::size_t count = 0;
  for (; cursor.segment < cursor.segments; ++cursor.segment) {
    if (count >= kMaxExportedEntries || size >= kExportedPageSize) return true;
    const auto record = store_.read(store::kNode, store::Table::audit_segment,
                                    store::segment_id(chain, cursor.segment));
    if (!record) return record.error();
    if (!*record) continue;  // the next one that is there shows what is missing
    const auto segment = domain::decode_segment((*record)->body);
    if (!segment) return segment.error();
    for (const domain::AuditEntry& entry : segment->entries) {
      if (entry.sequence <= cursor.at.sequence) continue;
      if (request.until && entry.time >= *request.until) {
        cursor.segment = cursor.segments;
        return false;
      }
      if (entry.sequence != cursor.at.sequence + 1) {
        page.lines.push_back(
            json::write_audit_line(json::AuditMissing{cursor.at.sequence + 1, entry.sequence - 1}));
      }
      const domain::AuditHash content = domain::content_digest(entry, crypto_);
      const domain::AuditHash hash =
          domain::entry_hash(chain, entry.sequence, entry.previous, content, crypto_);
      const bool is_shown = request.tenant.empty() ||
                            equals_ignoring_case(entry.note.tenant.str(), request.tenant.str());
      page.lines.push_back(json::write_audit_line(
          is_shown ? json::AuditLine(json::AuditShown{entry, hash})
                   : json::AuditLine(json::AuditHidden{entry.sequence, content, hash})));
      cursor.at = {entry.sequence, hash, entry.time};
      size += page.lines.back().size();
      ++count;
    }
  }
  return false;
}

Result<void> AuditExport::end_section(const Request& request, Cursor& cursor, Page& page) const {
  const std::string& chain = request.chains[cursor.section];
  domain::AuditHash shown{};
  auto seals = store::list_seals(store_);
  if (!seals) return seals.error();
  std::sort(seals->begin(), seals->end(), [](const auto& a, const auto& b) {
    return std::pair(a.position.sequence, a.signer) < std::pair(b.position.sequence, b.signer);
  });
  for (const domain::AuditSeal& seal : *seals) {
    const bool is_within = seal.chain == chain && seal.position.sequence > cursor.after.sequence &&
                           seal.position.sequence <= cursor.at.sequence;
    if (!is_within) continue;
    page.lines.push_back(json::write_audit_line(seal));
    shown = domain::add_section_seal(shown, seal, crypto_);
  }
  json::AuditEnd end{chain, cursor.at, clock_.wall(), {}};
  auto signature = ca_.sign(domain::section_statement(
      {chain, cursor.after, cursor.at, request.tenant.str(), coordinator_.str(), shown},
      end.signed_at));
  if (!signature) return signature.error();
  end.signature = std::move(*signature);
  page.lines.push_back(json::write_audit_line(end));
  ++cursor.section;
  cursor.is_open = false;
  return {};
}

Result<void> AuditExport::end_export(const Cursor& cursor, Page& page) const {
  json::AuditDone done{cursor.section, cursor.names, clock_.wall(), {}};
  auto signature = ca_.sign(domain::export_statement(done.sections, done.names, done.signed_at));
  if (!signature) return signature.error();
  done.signature = std::move(*signature);
  page.lines.push_back(json::write_audit_line(done));
  return {};
}

Result<std::uint64_t> AuditExport::find_segment(const std::string& chain,
                                                const domain::AuditChainState& state,
                                                WallTime from) const {
  // Times never go back in a chain: the first segment whose last entry is not older than `from`.
  std::uint64_t low = state.first_segment;
  std::uint64_t high = state.next_segment;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    // Behind a gap, the next segment that is there tells.
    std::uint64_t probe = middle;
    std::optional<store::Record> record;
    for (; probe < high && !record; ++probe) {
      auto read =
          store_.read(store::kNode, store::Table::audit_segment, store::segment_id(chain, probe));
      if (!read) return read.error();
      record = std::move(*read);
    }
    if (!record) {
      high = middle;
      continue;
    }
    const auto segment = domain::decode_segment(record->body);
    if (!segment) return segment.error();
    if (segment->entries.back().time < from) {
      low = probe;
    } else {
      high = middle;
    }
  }
  return low;
}

Result<std::string> AuditExport::sign_cursor(const Cursor& cursor) const {
  FieldWriter writer;
  writer.text(kCursorLabel).raw(cursor.request).u64(cursor.section).raw(cursor.names);
  write(writer, cursor.after);
  write(writer, cursor.at);
  writer.u64(cursor.segment).u64(cursor.segments);
  const Bytes content = writer.take();
  const auto signature = ca_.sign(content);
  if (!signature) return signature.error();
  writer.bytes(content).bytes(*signature);
  return to_base64url(writer.take());
}

Result<AuditExport::Cursor> AuditExport::read_cursor(const std::string& continuation) const {
  const Error not_ours{Errc::invalid, "the continuation is not one of ours"};
  const auto token =
      continuation.size() <= kMaxCursor ? from_base64url(continuation) : std::optional<Bytes>{};
  if (!token) return not_ours;
  FieldReader outer(*token);
  const Bytes content = to_bytes(outer.bytes());
  const Bytes signature = to_bytes(outer.bytes());
  if (!outer.at_end() || !crypto_.verify_p256(ca_.public_key(), content, signature)) {
    return not_ours;
  }
  FieldReader reader(content);
  Cursor cursor;
  cursor.is_open = true;
  const bool is_cursor = reader.text() == kCursorLabel;
  read_hash(reader, cursor.request);
  cursor.section = reader.u64();
  read_hash(reader, cursor.names);
  read(reader, cursor.after);
  read(reader, cursor.at);
  cursor.segment = reader.u64();
  cursor.segments = reader.u64();
  if (!is_cursor || !reader.at_end()) return not_ours;
  return cursor;
}

}  // namespace berth::coordinator
