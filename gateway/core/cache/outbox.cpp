#include "gateway/core/cache/outbox.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/protocol/sync/frames.hpp"
#include "shared/protocol/sync/record_codec.hpp"

namespace berth::gateway {
namespace {

constexpr std::size_t kIncarnationSize = 16;
constexpr std::size_t kSequenceDigits = 20;

Result<void> write(store::RecordStore& store, const domain::OutboxIdentity& identity) {
  store::Change change;
  change.table = store::Table::node;
  change.id = kOutboxIdentityId;
  change.body = sync::encode(identity);
  store::ChangeSet set;
  set.tenant = store::kNode;
  set.changes.push_back(std::move(change));
  auto committed = store::commit_one(store, std::move(set));
  if (!committed) return committed.error();
  return {};
}

std::optional<std::uint64_t> sequence_of(const std::string& id) {
  std::uint64_t sequence = 0;
  const auto* end = id.data() + id.size();
  const auto [at, error] = std::from_chars(id.data(), end, sequence);
  if (error != std::errc{} || at != end) return std::nullopt;
  return sequence;
}

}  // namespace

OutboxNumbers::OutboxNumbers(domain::OutboxIdentity identity)
    : identity_(std::move(identity)), last_(identity_.epoch << sync::kOutboxEpochShift) {}

Result<OutboxNumbers> OutboxNumbers::open(store::RecordStore& store, ports::Entropy& entropy) {
  auto record = store.read(store::kNode, store::Table::node, kOutboxIdentityId);
  if (!record) return record.error();
  domain::OutboxIdentity identity;
  if (*record) {
    auto stored = sync::decode<domain::OutboxIdentity>((*record)->body);
    if (!stored) return stored.error();
    identity = std::move(*stored);
  } else {
    identity.incarnation = to_hex(entropy.bytes(kIncarnationSize));
  }
  ++identity.epoch;
  if (auto written = write(store, identity); !written) return written.error();
  return OutboxNumbers(std::move(identity));
}

Result<void> OutboxNumbers::renew(store::RecordStore& store, ports::Entropy& entropy) {
  domain::OutboxIdentity renewed;
  renewed.incarnation = to_hex(entropy.bytes(kIncarnationSize));
  renewed.epoch = identity_.epoch + 1;
  if (auto written = write(store, renewed); !written) return written.error();
  identity_ = std::move(renewed);
  last_ = identity_.epoch << sync::kOutboxEpochShift;
  return {};
}

std::string outbox_id(std::uint64_t sequence) {
  std::string digits = std::to_string(sequence);
  return std::string(kSequenceDigits - digits.size(), '0') + digits;
}

store::Change outbox_change(const domain::OutboxEntry& entry) {
  store::Change change;
  change.table = store::Table::outbox;
  change.id = outbox_id(entry.sequence);
  change.expected_version = 0;
  change.body = sync::encode(entry);
  change.terms = {{store::Index::outbox_registration, entry.registration.registration_id.folded()}};
  return change;
}

Result<OutboxQueue> OutboxQueue::load(const store::Reader& reader,
                                      const std::vector<domain::IdScope>& tenants) {
  OutboxQueue queue;
  for (const auto& tenant : tenants) {
    std::string continuation;
    do {
      auto page = reader.list(tenant, store::Table::outbox, continuation, store::kMaxPage);
      if (!page) return page.error();
      for (const auto& record : page->records) {
        const auto sequence = sequence_of(record.id);
        if (!sequence) return Error{Errc::corrupt, "an outbox entry's ID is not a sequence"};
        queue.waiting_.emplace(*sequence, tenant);
      }
      continuation = page->continuation;
    } while (!continuation.empty());
  }
  return queue;
}

void OutboxQueue::added(const domain::IdScope& tenant, std::uint64_t sequence) {
  waiting_.emplace(sequence, tenant);
}

Result<std::vector<domain::OutboxEntry>> OutboxQueue::next(const store::Reader& reader,
                                                           std::size_t most) {
  std::vector<domain::OutboxEntry> entries;
  for (auto waiting = waiting_.upper_bound(sent_);
       waiting != waiting_.end() && entries.size() < most;) {
    const auto record =
        reader.read(waiting->second, store::Table::outbox, outbox_id(waiting->first));
    if (!record && record.error().code != Errc::corrupt) return record.error();
    sent_ = waiting->first;
    if (record && !record->has_value()) {
      ++waiting;
      continue;
    }
    auto entry = record ? sync::decode<domain::OutboxEntry>((*record)->body)
                        : Result<domain::OutboxEntry>(record.error());
    if (!entry) {
      unreadable_.push_back(waiting->first);
      waiting = waiting_.erase(waiting);
      continue;
    }
    entries.push_back(std::move(*entry));
    ++waiting;
  }
  return entries;
}

void OutboxQueue::acknowledged(std::uint64_t through) {
  waiting_.erase(waiting_.begin(), waiting_.upper_bound(through));
}

std::map<domain::IdScope, std::vector<std::uint64_t>> OutboxQueue::up_to(
    std::uint64_t through) const {
  std::map<domain::IdScope, std::vector<std::uint64_t>> found;
  for (auto waiting = waiting_.begin(); waiting != waiting_.end() && waiting->first <= through;
       ++waiting) {
    found[waiting->second].push_back(waiting->first);
  }
  return found;
}

}  // namespace berth::gateway
