#include "gateway/core/cache/audit_uplink.hpp"

#include <algorithm>
#include <utility>

namespace berth::gateway {
namespace {

// The last head of the coordinator's that this gateway countersigned.
constexpr const char* kSeenId = "seen";
// The coordinator's own seal under which that countersignature stands.
constexpr const char* kSeenSealId = "seen~seal";

store::Change put_seen(const char* id, const domain::AuditSeal& seal) {
  store::Change change;
  change.table = store::Table::audit_seal;
  change.id = id;
  change.body = domain::encode_seal(seal);
  return change;
}

store::ChangeSet of_node() {
  store::ChangeSet set;
  set.tenant = store::kNode;
  return set;
}

}  // namespace

void AuditUplink::restart() {
  is_waiting_ = false;
  sent_ = 0;
  sealed_ = 0;
  sealed_at_.reset();
}

Result<std::optional<sync::AuditSegments>> AuditUplink::next_segments() {
  std::optional<sync::AuditSegments> none;
  if (is_waiting_) return none;
  const auto chain = trail_.name(reader_);
  if (!chain) return chain.error();
  const auto state = store::read_chain(reader_, *chain);
  if (!state) return state.error();
  if (!*state) return none;
  sync::AuditSegments message;
  message.chain = *chain;
  std::size_t cost = 0;
  std::uint64_t number = std::max((*state)->first_segment, sent_ + 1);
  for (; number < (*state)->next_segment; ++number) {
    const auto record =
        reader_.read(store::kNode, store::Table::audit_segment, store::segment_id(*chain, number));
    if (!record) return record.error();
    if (!*record) return Error{Errc::corrupt, "a segment of the audit log is missing"};
    sync::AuditSegments::Segment segment{number, (*record)->body};
    cost += sync::frame_cost(segment);
    if (!message.segments.empty() &&
        (cost > sync::kFrameBudget || message.segments.size() == sync::kMaxSegmentsPerFrame)) {
      break;
    }
    message.segments.push_back(std::move(segment));
  }
  if (message.segments.empty()) return none;
  sent_ = message.segments.back().number;
  is_waiting_ = true;
  return std::optional<sync::AuditSegments>(std::move(message));
}

Result<std::optional<domain::AuditSeal>> AuditUplink::next_seal() {
  std::optional<domain::AuditSeal> none;
  if (is_waiting_ || !identity_) return none;
  const MonotonicTime now = clock_.monotonic();
  if (sealed_at_ && now - *sealed_at_ < kSealInterval) return none;
  const auto chain = trail_.name(reader_);
  if (!chain) return chain.error();
  const auto state = store::read_chain(reader_, *chain);
  if (!state) return state.error();
  const bool is_news = *state && (*state)->head.sequence != sealed_ &&
                       (*state)->first_segment == (*state)->next_segment;
  if (!is_news) return none;
  auto seal = sign(*chain, (*state)->head);
  if (!seal) return seal.error();
  sealed_ = (*state)->head.sequence;
  sealed_at_ = now;
  return std::optional<domain::AuditSeal>(std::move(*seal));
}

Result<store::ChangeSet> AuditUplink::taken(const sync::AuditAck& ack,
                                            const store::Reader& reader) const {
  const auto chain = trail_.name(reader);
  if (!chain) return chain.error();
  if (ack.chain != *chain) return of_node();
  if (ack.diverged) {
    return trail_.begin_another(reader, "the coordinator holds other entries of this log",
                                ack.through + 1);
  }
  return store::prune_chain(reader, ack.chain, ack.through, crypto_);
}

void AuditUplink::acknowledged(const sync::AuditAck& ack) {
  is_waiting_ = false;
  if (ack.diverged) restart();
}

Result<domain::AuditSeal> AuditUplink::sign(const std::string& chain,
                                            const domain::AuditPosition& position) const {
  domain::AuditSeal seal;
  seal.chain = chain;
  seal.position = position;
  seal.signer = trail_.node();
  seal.signed_at = clock_.wall();
  seal.certificate = identity_->certificate;
  auto signature = crypto_.sign_p256(identity_->private_key, domain::seal_statement(seal));
  if (!signature) return signature.error();
  seal.signature = std::move(*signature);
  return seal;
}

Result<AuditUplink::Answer> AuditUplink::sealed(const domain::AuditSeal& seal) const {
  Answer answer;
  answer.kept = of_node();
  if (!identity_) return answer;
  const auto ca = crypto_.parse_certificate(identity_->ca_certificate);
  if (!ca) return ca.error();
  // The coordinator signs with the CA's own key, and with no other.
  const auto checked = seal.certificate.empty()
                           ? domain::check_seal(seal, *ca, crypto_)
                           : Result<void>(Error{Errc::unauthorized, "a seal by another key"});
  if (!checked) {
    answer.alarm = "a seal of the coordinator's does not hold: " + checked.error().reason;
    return answer;
  }
  if (domain::node_of_chain(seal.chain) == seal.signer) return coordinators_head(seal);
  if (domain::node_of_chain(seal.chain) == trail_.node()) {
    answer.kept.changes.push_back(store::put_seal(seal));
  }
  return answer;
}

// A log only grows: what was countersigned once is a part of whatever is countersigned later. That
// the hashes lead from the one to the other is for `berth audit verify` to prove; here it is only
// seen that they do not go back.
Result<AuditUplink::Answer> AuditUplink::coordinators_head(const domain::AuditSeal& seal) const {
  Answer answer;
  answer.kept = of_node();
  const auto record = reader_.read(store::kNode, store::Table::audit_seal, kSeenId);
  if (!record) return record.error();
  if (*record) {
    auto seen = domain::decode_seal((*record)->body);
    if (!seen) return seen.error();
    const bool is_older =
        seen->chain == seal.chain && seal.position.sequence < seen->position.sequence;
    const bool differs = seen->chain == seal.chain &&
                         seal.position.sequence == seen->position.sequence &&
                         seal.position.hash != seen->position.hash;
    if (is_older || differs) {
      answer.alarm = "the coordinator's audit log is not the one that this gateway countersigned";
      // Our earlier word, so that the coordinator and its admins see what is missing; and with it
      // the coordinator's own, since it believes no gateway alone.
      const auto its_own = reader_.read(store::kNode, store::Table::audit_seal, kSeenSealId);
      if (!its_own) return its_own.error();
      if (*its_own) {
        auto countersigned = domain::decode_seal((*its_own)->body);
        if (!countersigned) return countersigned.error();
        answer.countersigned = std::move(*countersigned);
      }
      answer.countersignature = std::move(*seen);
      return answer;
    }
  }
  auto countersigned = sign(seal.chain, seal.position);
  if (!countersigned) return countersigned.error();
  answer.kept.changes.push_back(put_seen(kSeenId, *countersigned));
  answer.kept.changes.push_back(put_seen(kSeenSealId, seal));
  answer.countersignature = std::move(*countersigned);
  answer.countersigned = seal;
  return answer;
}

}  // namespace berth::gateway
