#include "gateway/core/registration/operations.hpp"

#include <array>
#include <cstddef>

#include "shared/base/assert.hpp"
#include "shared/base/bytes.hpp"
#include "shared/base/encoding.hpp"

namespace berth::gateway {
namespace {

constexpr std::string_view kPrefix = "5.";
constexpr std::size_t kHashDigits = 16;
constexpr std::size_t kGuidLength = 36;

// FNV-1a, 64 bits. It spreads devices over shards and labels operations; nothing trusts it: who
// polls shows the device's own credential.
void mix_in(std::uint64_t& hash, std::string_view text) {
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x0000'0100'0000'01B3U;
  }
}

bool is_guid(std::string_view text) {
  if (text.size() != kGuidLength) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !digit) return false;
  }
  return true;
}

}  // namespace

std::uint64_t device_hash(std::string_view id_scope, std::string_view registration_id) {
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325U;
  mix_in(hash, to_lower(id_scope));
  mix_in(hash, "/");
  mix_in(hash, to_lower(registration_id));
  // FNV's low bits alone spread badly over few shards.
  hash ^= hash >> 32U;
  hash *= 0x9E37'79B9'7F4A'7C15U;
  hash ^= hash >> 29U;
  return hash;
}

std::string make_operation_id(std::uint64_t device_hash, std::string_view guid) {
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(device_hash >> (56U - 8U * i));
  }
  std::string out(kPrefix);
  out += to_hex(bytes);
  out += '.';
  out += guid;
  return out;
}

std::optional<OperationIdParts> parse_operation_id(std::string_view text) {
  if (text.size() != kPrefix.size() + kHashDigits + 1 + kGuidLength || !text.starts_with(kPrefix) ||
      text[kPrefix.size() + kHashDigits] != '.') {
    return std::nullopt;
  }
  const std::optional<Bytes> hash = from_hex(text.substr(kPrefix.size(), kHashDigits));
  const std::string_view guid = text.substr(kPrefix.size() + kHashDigits + 1);
  if (!hash || !is_guid(guid)) return std::nullopt;
  OperationIdParts parts;
  for (const std::uint8_t byte : *hash) parts.device_hash = parts.device_hash << 8U | byte;
  parts.guid = to_lower(guid);
  return parts;
}

bool is_final(OperationState state) {
  switch (state) {
    case OperationState::assigned:
    case OperationState::failed: return true;
    case OperationState::journaling_intent:
    case OperationState::rejournaling_intent:
    case OperationState::awaiting_allocation:
    case OperationState::reading_twin:
    case OperationState::applying:
    case OperationState::waiting_to_apply:
    case OperationState::journaling_outcome:
    case OperationState::waiting_to_journal: return false;
  }
  return false;
}

OperationTable::Key OperationTable::key_of(const OperationRef& ref) {
  return {ref.tenant.str(), ref.registration_id.folded()};
}

OperationTable::Wakes& OperationTable::wakes_of(const Operation& operation) {
  return is_final(operation.state) ? finished_ : running_;
}

Operation* OperationTable::find(const domain::IdScope& tenant, const domain::RegistrationId& id) {
  const auto found = operations_.find(Key{tenant.str(), id.folded()});
  return found == operations_.end() ? nullptr : &found->second;
}

void OperationTable::forget_wake(Operation& operation) {
  if (!operation.wake) return;
  const std::pair<MonotonicTime, Key> entry{*operation.wake, key_of(operation.ref)};
  running_.erase(entry);
  finished_.erase(entry);
  operation.wake.reset();
}

bool OperationTable::make_room() {
  if (operations_.size() < capacity_) return true;
  if (finished_.empty()) return false;
  const auto oldest = operations_.find(finished_.begin()->second);
  BERTH_ASSERT(oldest != operations_.end());
  close(oldest->second);
  return true;
}

Operation* OperationTable::open(const OperationRef& ref) {
  if (Operation* before = find(ref.tenant, ref.registration_id)) {
    BERTH_ASSERT(is_final(before->state));
    close(*before);
  }
  if (!make_room()) return nullptr;
  return &reopen(ref);
}

Operation& OperationTable::reopen(const OperationRef& ref) {
  Operation& operation = operations_[key_of(ref)];
  forget_wake(operation);
  operation = Operation{};
  operation.ref = ref;
  return operation;
}

void OperationTable::close(Operation& operation) {
  forget_wake(operation);
  operations_.erase(key_of(operation.ref));
}

void OperationTable::wake_at(Operation& operation, MonotonicTime when) {
  forget_wake(operation);
  operation.wake = when;
  wakes_of(operation).emplace(when, key_of(operation.ref));
}

Operation* OperationTable::take_due(MonotonicTime now) {
  for (Wakes* wakes : {&running_, &finished_}) {
    if (wakes->empty() || wakes->begin()->first > now) continue;
    const auto due = operations_.find(wakes->begin()->second);
    BERTH_ASSERT(due != operations_.end());
    forget_wake(due->second);
    return &due->second;
  }
  return nullptr;
}

std::optional<MonotonicTime> OperationTable::next_wake() const {
  std::optional<MonotonicTime> next;
  for (const Wakes* wakes : {&running_, &finished_}) {
    if (!wakes->empty() && (!next || wakes->begin()->first < *next)) next = wakes->begin()->first;
  }
  return next;
}

}  // namespace berth::gateway
