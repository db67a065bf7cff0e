// Audit chains in a record store: under the node's own tenant, whatever tenant an entry is of, so
// that a chain outlives its tenants (docs/formats/audit.md). All functions build change sets or
// read; the caller commits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/domain/audit/chain.hpp"
#include "shared/domain/audit/chain_state.hpp"
#include "shared/domain/audit/seal.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/store/record_store.hpp"

namespace berth::store {

// The ID of a segment's record, and that of a seal's: the last seal of each signer and day is kept.
[[nodiscard]] std::string segment_id(const std::string& chain, std::uint64_t number);
[[nodiscard]] std::string seal_id(const domain::AuditSeal& seal);

// None if there is no such chain.
[[nodiscard]] Result<std::optional<domain::AuditChainState>> read_chain(const Reader& reader,
                                                                        const std::string& chain);
// Errc::corrupt if it is missing.
[[nodiscard]] Result<domain::AuditSegment> read_segment(const Reader& reader,
                                                        const std::string& chain,
                                                        std::uint64_t number);
// The names of all chains of which this store holds entries.
[[nodiscard]] Result<std::vector<std::string>> list_chains(const Reader& reader);
[[nodiscard]] Result<std::vector<domain::AuditSeal>> list_seals(const Reader& reader);

[[nodiscard]] Change put_segment(const std::string& chain, std::uint64_t number, Bytes body);
[[nodiscard]] Change put_chain(const std::string& chain, const domain::AuditChainState& state);
[[nodiscard]] Change put_seal(const domain::AuditSeal& seal);

// Forgets the segments up to `through`; the chain's head stays, and goes on. At most kMaxPage
// segments at a time.
[[nodiscard]] Result<ChangeSet> prune_chain(const Reader& reader, const std::string& chain,
                                            std::uint64_t through, ports::Crypto& crypto);

// This node's own chain.
class AuditTrail {
 public:
  // What is lent outlives the trail. `node`: this node's ID.
  AuditTrail(std::string node, ports::Crypto& crypto, ports::Clock& clock, ports::Entropy& entropy)
      : node_(std::move(node)), crypto_(crypto), clock_(clock), entropy_(entropy) {}

  [[nodiscard]] const std::string& node() const { return node_; }

  // The chain's name: the node's ID at first.
  [[nodiscard]] Result<std::string> name(const Reader& reader) const;
  // The change set that appends the notes, built inside the transaction that writes it.
  [[nodiscard]] Result<ChangeSet> append(const Reader& reader,
                                         std::vector<domain::AuditNote> notes) const;
  // Begins another chain, whose first entry says why. The old one stays as it is; or, with
  // `moved_from`, it goes, and what its segments from that number on hold is repeated in the new
  // one: nobody else has it.
  [[nodiscard]] Result<ChangeSet> begin_another(
      const Reader& reader, const std::string& reason,
      std::optional<std::uint64_t> moved_from = std::nullopt) const;

 private:
  [[nodiscard]] Result<void> append_to(const Reader& reader, const std::string& chain,
                                       std::vector<domain::AuditNote> notes, ChangeSet& set) const;

  [[nodiscard]] static Result<void> move_entries(const Reader& reader, const std::string& chain,
                                                 const domain::AuditChainState& state,
                                                 std::uint64_t first,
                                                 std::vector<domain::AuditNote>& notes,
                                                 ChangeSet& set);

  std::string node_;
  ports::Crypto& crypto_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
};

}  // namespace berth::store
