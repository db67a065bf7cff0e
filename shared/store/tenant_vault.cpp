#include "shared/store/tenant_vault.hpp"

#include <algorithm>

#include "shared/base/encoding.hpp"
#include "shared/base/fields.hpp"

namespace berth::store {
namespace {

// A row's content: format | sequence | term count | terms | ID | body to the end.
// A log entry's: format | table | ID | which sides | per side: version | sequence | body.
// A head's: format | sequence | first logged | seals | table count | per table: number | rows |
// digest.
constexpr std::uint8_t kContentFormat = 1;
constexpr std::uint8_t kHasBefore = 1;
constexpr std::uint8_t kHasAfter = 2;

std::uint8_t number_of(Table table) {
  return static_cast<std::uint8_t>(table);
}

Error corrupt_row(Table table) {
  return {Errc::corrupt, "a row of table " + std::string(name_of(table)) + " fails its seal"};
}

Error corrupt_change() {
  return {Errc::corrupt, "an entry of the change log fails its seal"};
}

Error corrupt_head() {
  return {Errc::corrupt, "the tenant's head fails its seal"};
}

Bytes write_row(const Row& row) {
  FieldWriter writer(32 + row.terms.size() * vault::kBlindKeySize + row.record.id.size() +
                     row.record.body.size());
  writer.u8(kContentFormat).u64(row.record.sequence);
  writer.u8(static_cast<std::uint8_t>(row.terms.size()));
  for (const auto& term : row.terms) writer.raw(term);
  return writer.text(row.record.id).raw(row.record.body).take();
}

void write_side(FieldWriter& writer, const std::optional<Record>& side) {
  if (side) writer.u64(side->version).u64(side->sequence).bytes(side->body);
}

Record read_side(FieldReader& reader, const LogEntry& entry) {
  Record side;
  side.table = entry.table;
  side.id = entry.id;
  side.version = reader.u64();
  side.sequence = reader.u64();
  side.body = to_bytes(reader.bytes());
  return side;
}

}  // namespace

vault::BlindKey TenantVault::row_key(Table table, const std::string& id) const {
  return vault::blind_row(crypto_, named_.keys.index, number_of(table), id);
}

vault::BlindKey TenantVault::term_key(Table table, const IndexTerm& term) const {
  return vault::blind_term(crypto_, named_.keys.index, number_of(table),
                           static_cast<std::uint8_t>(term.index), term.value);
}

Bytes TenantVault::seal(ports::Entropy& entropy, vault::Place place, ByteView content) const {
  const std::string tenant = to_lower(named_.tenant);
  place.tenant = tenant;
  return vault::seal(crypto_, entropy, named_.keys.sealing_key(), place, content);
}

Result<Bytes> TenantVault::open(vault::Place place, ByteView sealed) const {
  const auto version = vault::key_version_of(sealed);
  if (!version) return version.error();
  const vault::SealingKey* key = named_.keys.data_key(*version);
  if (key == nullptr) return Error{Errc::corrupt, "the envelope names a key that never was"};
  const std::string tenant = to_lower(named_.tenant);
  place.tenant = tenant;
  return vault::open(crypto_, *key, place, sealed);
}

Bytes TenantVault::seal_row(ports::Entropy& entropy, const Row& row) const {
  const vault::BlindKey key = row_key(row.record.table, row.record.id);
  return seal(entropy,
              {.purpose = vault::Purpose::record,
               .table = number_of(row.record.table),
               .tenant = {},
               .row_key = key,
               .version = row.record.version},
              write_row(row));
}

Result<Row> TenantVault::open_row(Table table, const vault::BlindKey& row_key,
                                  std::uint64_t version, ByteView sealed) const {
  auto content = open({.purpose = vault::Purpose::record,
                       .table = number_of(table),
                       .tenant = {},
                       .row_key = row_key,
                       .version = version},
                      sealed);
  if (!content) return corrupt_row(table);
  FieldReader reader(*content);
  const std::uint8_t format = reader.u8();
  Row row;
  row.record.table = table;
  row.record.version = version;
  row.record.sequence = reader.u64();
  const std::uint8_t terms = reader.u8();
  for (std::uint8_t i = 0; i < terms && reader.ok(); ++i) {
    const ByteView term = reader.raw(vault::kBlindKeySize);
    if (reader.ok()) std::copy(term.begin(), term.end(), row.terms.emplace_back().begin());
  }
  row.record.id = std::string(reader.text());
  row.record.body = to_bytes(reader.rest());
  if (!reader.ok() || format != kContentFormat) return corrupt_row(table);
  return row;
}

Bytes TenantVault::seal_change(ports::Entropy& entropy, const LogEntry& entry) const {
  FieldWriter writer;
  writer.u8(kContentFormat).u8(number_of(entry.table)).text(entry.id);
  writer.u8(
      static_cast<std::uint8_t>((entry.before ? kHasBefore : 0) | (entry.after ? kHasAfter : 0)));
  write_side(writer, entry.before);
  write_side(writer, entry.after);
  return seal(
      entropy,
      {.purpose = vault::Purpose::change, .tenant = {}, .row_key = {}, .version = entry.sequence},
      writer.take());
}

Result<LogEntry> TenantVault::open_change(std::uint64_t sequence, ByteView sealed) const {
  auto content =
      open({.purpose = vault::Purpose::change, .tenant = {}, .row_key = {}, .version = sequence},
           sealed);
  if (!content) return corrupt_change();
  FieldReader reader(*content);
  const std::uint8_t format = reader.u8();
  LogEntry entry;
  entry.sequence = sequence;
  entry.table = static_cast<Table>(reader.u8());
  entry.id = std::string(reader.text());
  const std::uint8_t sides = reader.u8();
  if ((sides & kHasBefore) != 0) entry.before = read_side(reader, entry);
  if ((sides & kHasAfter) != 0) entry.after = read_side(reader, entry);
  if (!reader.at_end() || format != kContentFormat) return corrupt_change();
  return entry;
}

Bytes TenantVault::seal_head(ports::Entropy& entropy, const Head& head) const {
  FieldWriter writer;
  writer.u8(kContentFormat).u64(head.sequence).u64(head.first_logged).u64(head.seals);
  writer.u8(static_cast<std::uint8_t>(head.tables.size()));
  for (const auto& [table, state] : head.tables) {
    writer.u8(number_of(table)).u64(state.rows).raw(state.digest.serialise());
  }
  return seal(entropy, {.purpose = vault::Purpose::head, .tenant = {}, .row_key = {}},
              writer.take());
}

Result<Head> TenantVault::open_head(ByteView sealed) const {
  auto content = open({.purpose = vault::Purpose::head, .tenant = {}, .row_key = {}}, sealed);
  if (!content) return corrupt_head();
  FieldReader reader(*content);
  const std::uint8_t format = reader.u8();
  Head head;
  head.sequence = reader.u64();
  head.first_logged = reader.u64();
  head.seals = reader.u64();
  const std::uint8_t tables = reader.u8();
  for (std::uint8_t i = 0; i < tables && reader.ok(); ++i) {
    const auto table = static_cast<Table>(reader.u8());
    Head::TableState& state = head.tables[table];
    state.rows = reader.u64();
    const auto digest = vault::SetDigest::parse(reader.raw(vault::kSetDigestSize));
    if (digest) state.digest = *digest;
  }
  if (!reader.at_end() || format != kContentFormat) return corrupt_head();
  return head;
}

vault::DigestElement TenantVault::element_of(const Row& row) const {
  // Over the whole content, so that a row of the same body and version written at another time, or
  // with other terms, is another element.
  return vault::digest_element(crypto_, named_.keys.integrity.reveal(), number_of(row.record.table),
                               row.record.id, row.record.version, write_row(row));
}

}  // namespace berth::store
