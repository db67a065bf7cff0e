#include "gateway/core/registration/claim.hpp"

#include <utility>

#include "gateway/core/registration/decision.hpp"
#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/match.hpp"
#include "shared/domain/reprovision.hpp"
#include "shared/protocol/sas_token.hpp"

namespace berth::gateway {

Result<void> read_claim(const Cache& cache, ports::Crypto& crypto, PendingRequest& pending) {
  const Claim& claim = pending.claim();

  const std::optional<domain::IdScope> tenant = cache.tenant(claim.id_scope);
  if (!tenant) return Error{Errc::unauthorized, "this gateway serves no such ID scope"};
  pending.tenant = *tenant;

  Result<domain::RegistrationId> id = domain::RegistrationId::parse(claim.registration_id);
  if (!id) return id.error();
  pending.registration_id = *id;

  const protocol::RegisterBody* body = nullptr;
  if (const auto* registering = std::get_if<RegisterRequest>(&pending.request)) {
    body = &registering->body;
  } else if (const auto* asking = std::get_if<StatusRequest>(&pending.request)) {
    body = &asking->body;
  }
  if (body != nullptr) {
    if (body->has_csr) {
      return Error{Errc::unsupported, "the device asks for a certificate; none is issued here"};
    }
    if (body->registration_id && !equals_ignoring_case(*body->registration_id, id->str())) {
      return Error{Errc::invalid, "the body names another registration ID"};
    }
    if (body->tpm) {
      pending.evidence.tpm = domain::TpmEvidence{
          body->tpm->endorsement_key, body->tpm->storage_root_key, body->tpm->certificates};
    }
  }
  if (!claim.chain.empty()) {
    Result<std::vector<ports::Certificate>> chain =
        domain::parse_presented_chain(claim.chain, crypto);
    if (!chain) return chain.error();
    pending.evidence.chain = std::move(*chain);
  }
  if (!claim.sas_token.empty()) {
    Result<domain::SasToken> token = protocol::parse_sas_token(as_text(claim.sas_token.reveal()));
    if (!token) return token.error();
    pending.evidence.token = std::move(*token);
  }
  pending.evidence.psk = claim.psk;
  return {};
}

domain::Verdict match_claim(const Cache& cache, ports::Crypto& crypto,
                            const domain::X509Rules& rules, WallTime now,
                            const KnownRegistration& known,
                            std::vector<domain::TpmChallenge> challenges, PendingRequest& pending) {
  domain::MatchRequest request;
  request.tpm_challenges = std::move(challenges);
  request.id_scope = pending.tenant;
  request.registration_id = pending.registration_id;
  request.evidence = std::move(pending.evidence);
  request.now = now;
  const std::optional<domain::Registration> previous = registration_in(known);
  if (domain::is_assignment(previous)) request.bound_to = previous->enrollment;
  pending.decision = {};
  const auto enrollments = cache.enrollments(pending.tenant);
  domain::Verdict verdict = domain::match(request, *enrollments, crypto, rules, &pending.decision);
  pending.evidence = std::move(request.evidence);
  return verdict;
}

}  // namespace berth::gateway
