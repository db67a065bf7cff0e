#include "coordinator/sync/audit_intake.hpp"

#include <utility>

namespace berth::coordinator {
namespace {

// Whether the segment, which was taken before, says the same again.
Result<bool> is_known(const store::Reader& reader, const std::string& chain,
                      const sync::AuditSegments::Segment& segment) {
  const auto kept = reader.read(store::kNode, store::Table::audit_segment,
                                store::segment_id(chain, segment.number));
  if (!kept) return kept.error();
  return *kept && (*kept)->body == segment.body;
}

// Follows the entries of a segment; the position behind them, or an error that names the first
// which does not fit.
Result<domain::AuditPosition> follow(const std::string& chain, const domain::AuditPosition& from,
                                     const domain::AuditSegment& segment, ports::Crypto& crypto) {
  domain::ChainVerifier verifier(chain, from, crypto);
  for (const domain::AuditEntry& entry : segment.entries) {
    if (const auto fits = verifier.take(entry); !fits) return fits.error();
  }
  return verifier.position();
}

}  // namespace

Result<AuditIntake::Taken> AuditIntake::take(const domain::Gateway& gateway,
                                             const sync::AuditSegments& message) {
  const std::string& chain = message.chain;
  if (domain::node_of_chain(chain) != gateway.gateway_id.str()) {
    return Error{Errc::forbidden, "an audit log of another node"};
  }
  Taken taken;
  taken.ack.chain = chain;
  const auto found = store::read_chain(store_, chain);
  if (!found) return found.error();
  domain::AuditChainState state = found->value_or(domain::AuditChainState{});
  store::ChangeSet set;
  set.tenant = store::kNode;
  for (const auto& sent : message.segments) {
    if (sent.number < state.next_segment) {
      const auto known = is_known(store_, chain, sent);
      if (!known) return known.error();
      if (*known) {
        taken.ack.through = sent.number;
        continue;
      }
      taken.ack.diverged = true;
      taken.alarm =
          "the gateway's audit log differs from what it sent before: its disk was "
          "rolled back, or the log was changed";
      break;
    }
    const auto segment = domain::decode_segment(sent.body);
    if (!segment) return segment.error();
    domain::AuditPosition from = state.head;
    if (sent.number > state.next_segment) {
      // What lies between is forgotten at the gateway, because it was here once.
      const domain::AuditEntry& first = segment->entries.front();
      taken.alarm = "entries " + std::to_string(state.head.sequence + 1) + " to " +
                    std::to_string(first.sequence - 1) +
                    " of the gateway's audit log are missing here";
      from = {first.sequence - 1, first.previous, first.time};
    }
    const auto followed = follow(chain, from, *segment, crypto_);
    if (!followed) {
      taken.ack.diverged = true;
      taken.alarm = "the gateway's audit log is broken: " + followed.error().reason;
      break;
    }
    set.changes.push_back(store::put_segment(chain, sent.number, sent.body));
    state.head = *followed;
    state.next_segment = sent.number + 1;
    taken.ack.through = sent.number;
  }
  if (!set.changes.empty()) {
    set.changes.push_back(store::put_chain(chain, state));
    const auto committed = store::commit_one(store_, std::move(set));
    if (!committed) return committed.error();
  }
  return taken;
}

Result<AuditIntake::Sealed> AuditIntake::take(const domain::Gateway& gateway,
                                              const sync::AuditSealed& message) {
  const domain::AuditSeal& seal = message.seal;
  if (seal.signer != gateway.gateway_id.str()) {
    return Error{Errc::forbidden, "a seal of another node"};
  }
  // The certificate must hold the key that joined, not only the name.
  const auto certificate = crypto_.parse_certificate(seal.certificate);
  if (!certificate || certificate->public_key != gateway.public_key) {
    return Sealed{std::nullopt, "a seal of the gateway's is not by its key"};
  }
  const auto checked = domain::check_seal(seal, ca_.parsed_certificate(), crypto_);
  if (!checked) return Sealed{std::nullopt, checked.error().reason};
  const std::string node = domain::node_of_chain(seal.chain);
  if (node == seal.signer) return take_head(seal);
  if (node == coordinator_.str() && own_ != nullptr) return take_countersignature(message);
  return Error{Errc::forbidden, "a seal on an audit log that is not ours"};
}

Result<AuditIntake::Sealed> AuditIntake::take_head(const domain::AuditSeal& seal) {
  const auto state = store::read_chain(store_, seal.chain);
  if (!state) return state.error();
  // Another entry was sent meanwhile, or this one not yet: the gateway seals again.
  if (!*state || (*state)->head.sequence != seal.position.sequence) return Sealed{};
  if ((*state)->head.hash != seal.position.hash) {
    return Sealed{std::nullopt, "the gateway seals another audit log than it sent"};
  }
  auto countersigned = sign(seal.chain, seal.position);
  if (!countersigned) return countersigned.error();
  if (const auto kept = keep({seal, *countersigned}); !kept) return kept.error();
  return Sealed{std::move(*countersigned), {}};
}

bool AuditIntake::is_under_own_seal(const sync::AuditSealed& message) const {
  if (!message.countersigned) return false;
  const domain::AuditSeal& own = *message.countersigned;
  // A certificate would bring a key other than the CA's.
  return own.chain == message.seal.chain && own.position == message.seal.position &&
         own.signer == coordinator_.str() && own.certificate.empty() &&
         domain::check_seal(own, ca_.parsed_certificate(), crypto_).has_value();
}

Result<AuditIntake::Sealed> AuditIntake::take_countersignature(const sync::AuditSealed& message) {
  const domain::AuditSeal& seal = message.seal;
  const auto current = own_->name(store_);
  if (!current) return current.error();
  // Another log was begun meanwhile; or the gateway made the name up.
  if (seal.chain != *current) return Sealed{};
  if (!is_under_own_seal(message)) {
    return Sealed{std::nullopt,
                  "the gateway countersigns what this coordinator has not sealed in its audit log"};
  }
  const auto state = store::read_chain(store_, seal.chain);
  if (!state) return state.error();
  const domain::AuditPosition head = *state ? (*state)->head : domain::AuditPosition{};
  if (seal.position.sequence > head.sequence) {
    const std::string alarm =
        "the gateway has countersigned later entries of this coordinator's audit log than there "
        "are: a back-up was restored, or the log was cut";
    if (const auto begun = begin_another(alarm); !begun) return begun.error();
    return Sealed{std::nullopt, alarm};
  }
  if (const auto kept = keep({seal}); !kept) return kept.error();
  return Sealed{};
}

Result<domain::AuditSeal> AuditIntake::sign(const std::string& chain,
                                            const domain::AuditPosition& position) const {
  domain::AuditSeal seal;
  seal.chain = chain;
  seal.position = position;
  seal.signer = coordinator_.str();
  seal.signed_at = clock_.wall();
  auto signature = ca_.sign(domain::seal_statement(seal));
  if (!signature) return signature.error();
  seal.signature = std::move(*signature);
  return seal;
}

Result<std::optional<domain::AuditSeal>> AuditIntake::own_head() const {
  if (own_ == nullptr) return std::optional<domain::AuditSeal>{};
  const auto chain = own_->name(store_);
  if (!chain) return chain.error();
  const auto state = store::read_chain(store_, *chain);
  if (!state) return state.error();
  if (!*state) return std::optional<domain::AuditSeal>{};
  auto seal = sign(*chain, (*state)->head);
  if (!seal) return seal.error();
  return std::optional<domain::AuditSeal>(std::move(*seal));
}

Result<void> AuditIntake::begin_another(const std::string& reason) {
  if (own_ == nullptr) return {};
  auto another = own_->begin_another(store_, reason);
  if (!another) return another.error();
  const auto committed = store::commit_one(store_, std::move(*another));
  if (!committed) return committed.error();
  return {};
}

Result<void> AuditIntake::keep(const std::vector<domain::AuditSeal>& seals) {
  store::ChangeSet set;
  set.tenant = store::kNode;
  for (const domain::AuditSeal& seal : seals) set.changes.push_back(store::put_seal(seal));
  const auto committed = store::commit_one(store_, std::move(set));
  if (!committed) return committed.error();
  return {};
}

}  // namespace berth::coordinator
