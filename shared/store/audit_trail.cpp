#include "shared/store/audit_trail.hpp"

#include <algorithm>
#include <utility>

namespace berth::store {
namespace {

// The record that names this node's chain, if it is not its first.
constexpr const char* kOwnId = "own";
constexpr std::size_t kNumberDigits = 20;

Change put(Table table, std::string id, Bytes body) {
  Change change;
  change.table = table;
  change.id = std::move(id);
  change.body = std::move(body);
  return change;
}

Change erase(Table table, std::string id) {
  Change change;
  change.kind = Change::Kind::erase;
  change.table = table;
  change.id = std::move(id);
  return change;
}

// yyyy-MM-dd.
std::string day_of(WallTime time) {
  constexpr std::size_t kDay = 10;
  return to_iso8601_seconds(time).substr(0, kDay);
}

// "gw" is followed by "gw~2", that by "gw~3".
std::string name_after(const std::string& chain) {
  const auto mark = chain.find('~');
  std::uint64_t number = 1;
  if (mark != std::string::npos) {
    number = 0;
    for (const char digit : chain.substr(mark + 1)) {
      number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    }
  }
  return domain::node_of_chain(chain) + "~" + std::to_string(number + 1);
}

template <class Take>
Result<void> each_record(const Reader& reader, Table table, Take take) {
  std::string continuation;
  do {
    auto page = reader.list(kNode, table, continuation, kMaxPage);
    if (!page) return page.error();
    for (const Record& record : page->records) {
      if (const auto taken = take(record); !taken) return taken.error();
    }
    continuation = page->continuation;
  } while (!continuation.empty());
  return {};
}

}  // namespace

std::string segment_id(const std::string& chain, std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return chain + "/" + std::string(kNumberDigits - digits.size(), '0') + digits;
}

std::string seal_id(const domain::AuditSeal& seal) {
  return seal.chain + "/" + seal.signer + "/" + day_of(seal.signed_at);
}

Result<std::optional<domain::AuditChainState>> read_chain(const Reader& reader,
                                                          const std::string& chain) {
  const auto record = reader.read(kNode, Table::audit_chain, chain);
  if (!record) return record.error();
  if (!*record) return std::optional<domain::AuditChainState>{};
  const auto state = domain::decode_chain_state((*record)->body);
  if (!state) return state.error();
  return std::optional<domain::AuditChainState>(*state);
}

Result<domain::AuditSegment> read_segment(const Reader& reader, const std::string& chain,
                                          std::uint64_t number) {
  const auto record = reader.read(kNode, Table::audit_segment, segment_id(chain, number));
  if (!record) return record.error();
  if (!*record) return Error{Errc::corrupt, "a segment of the audit log is missing"};
  return domain::decode_segment((*record)->body);
}

Result<std::vector<std::string>> list_chains(const Reader& reader) {
  std::vector<std::string> chains;
  const auto read = each_record(reader, Table::audit_chain, [&](const Record& record) {
    if (record.id != kOwnId) chains.push_back(record.id);
    return Result<void>{};
  });
  if (!read) return read.error();
  std::sort(chains.begin(), chains.end());
  return chains;
}

Result<std::vector<domain::AuditSeal>> list_seals(const Reader& reader) {
  std::vector<domain::AuditSeal> seals;
  const auto read =
      each_record(reader, Table::audit_seal, [&](const Record& record) -> Result<void> {
        auto seal = domain::decode_seal(record.body);
        if (!seal) return seal.error();
        seals.push_back(std::move(*seal));
        return {};
      });
  if (!read) return read.error();
  return seals;
}

Change put_segment(const std::string& chain, std::uint64_t number, Bytes body) {
  // What is appended is never written over.
  Change change = put(Table::audit_segment, segment_id(chain, number), std::move(body));
  change.expected_version = 0;
  return change;
}

Change put_chain(const std::string& chain, const domain::AuditChainState& state) {
  return put(Table::audit_chain, chain, domain::encode_chain_state(state));
}

Change put_seal(const domain::AuditSeal& seal) {
  return put(Table::audit_seal, seal_id(seal), domain::encode_seal(seal));
}

Result<ChangeSet> prune_chain(const Reader& reader, const std::string& chain, std::uint64_t through,
                              ports::Crypto& crypto) {
  ChangeSet set;
  set.tenant = kNode;
  const auto found = read_chain(reader, chain);
  if (!found) return found.error();
  if (!*found) return set;
  domain::AuditChainState state = **found;
  while (state.first_segment <= through && state.first_segment < state.next_segment &&
         set.changes.size() < kMaxPage) {
    const auto segment = read_segment(reader, chain, state.first_segment);
    if (!segment) return segment.error();
    domain::ChainVerifier verifier(chain, state.pruned, crypto);
    for (const domain::AuditEntry& entry : segment->entries) {
      if (const auto fits = verifier.take(entry); !fits) return fits.error();
    }
    state.pruned = verifier.position();
    set.changes.push_back(erase(Table::audit_segment, segment_id(chain, state.first_segment++)));
  }
  if (!set.changes.empty()) set.changes.push_back(put_chain(chain, state));
  return set;
}

Result<std::string> AuditTrail::name(const Reader& reader) const {
  const auto own = reader.read(kNode, Table::audit_chain, kOwnId);
  if (!own) return own.error();
  return *own ? std::string(as_text((*own)->body)) : node_;
}

Result<ChangeSet> AuditTrail::append(const Reader& reader,
                                     std::vector<domain::AuditNote> notes) const {
  ChangeSet set;
  set.tenant = kNode;
  if (notes.empty()) return set;
  const auto chain = name(reader);
  if (!chain) return chain.error();
  if (const auto done = append_to(reader, *chain, std::move(notes), set); !done) {
    return done.error();
  }
  return set;
}

Result<void> AuditTrail::append_to(const Reader& reader, const std::string& chain,
                                   std::vector<domain::AuditNote> notes, ChangeSet& set) const {
  const auto found = read_chain(reader, chain);
  if (!found) return found.error();
  domain::AuditChainState state = found->value_or(domain::AuditChainState{});
  const WallTime now = clock_.wall();
  domain::AuditSegment segment;
  std::size_t size = 0;
  const auto close = [&] {
    if (segment.entries.empty()) return;
    set.changes.push_back(put_segment(chain, state.next_segment++, encode_segment(segment)));
    segment.entries.clear();
    size = 0;
  };
  for (domain::AuditNote& note : notes) {
    domain::AuditSalt salt{};
    entropy_.fill(salt);
    domain::AuditEntry entry =
        domain::append_entry(state.head, chain, std::move(note), salt, now, crypto_);
    const std::size_t cost = domain::segment_cost(entry.note);
    if (size + cost > domain::kMaxSegmentSize - 64 ||
        segment.entries.size() == domain::kMaxSegmentEntries) {
      close();
    }
    size += cost;
    segment.entries.push_back(std::move(entry));
  }
  close();
  set.changes.push_back(put_chain(chain, state));
  return {};
}

Result<ChangeSet> AuditTrail::begin_another(const Reader& reader, const std::string& reason,
                                            std::optional<std::uint64_t> moved_from) const {
  const auto chain = name(reader);
  if (!chain) return chain.error();
  const auto state = read_chain(reader, *chain);
  if (!state) return state.error();
  const std::string next = name_after(*chain);
  ChangeSet set;
  set.tenant = kNode;
  set.changes.push_back(put(Table::audit_chain, kOwnId, to_bytes(next)));
  domain::AuditNote note;
  note.kind = "begun";
  note.add("after", *chain).add("reason", reason);
  if (*state) note.add("afterEntry", std::to_string((*state)->head.sequence));
  std::vector<domain::AuditNote> notes{std::move(note)};
  if (*state && moved_from) {
    if (const auto moved = move_entries(reader, *chain, **state, *moved_from, notes, set); !moved) {
      return moved.error();
    }
  }
  if (const auto done = append_to(reader, next, std::move(notes), set); !done) return done.error();
  return set;
}

Result<void> AuditTrail::move_entries(const Reader& reader, const std::string& chain,
                                      const domain::AuditChainState& state, std::uint64_t first,
                                      std::vector<domain::AuditNote>& notes, ChangeSet& set) {
  for (std::uint64_t number = state.first_segment; number < state.next_segment; ++number) {
    set.changes.push_back(erase(Table::audit_segment, segment_id(chain, number)));
    if (number < first) continue;
    auto segment = read_segment(reader, chain, number);
    if (!segment) return segment.error();
    for (domain::AuditEntry& entry : segment->entries) {
      entry.note.add("repeats", chain + "#" + std::to_string(entry.sequence) + " of " +
                                    to_iso8601(entry.time));
      notes.push_back(std::move(entry.note));
    }
  }
  set.changes.push_back(erase(Table::audit_chain, chain));
  return {};
}

}  // namespace berth::store
