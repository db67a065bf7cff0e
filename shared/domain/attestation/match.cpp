#include "shared/domain/attestation/match.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/match_trace.hpp"
#include "shared/domain/attestation/pre_shared_key.hpp"
#include "shared/domain/attestation/refusals.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"
#include "shared/domain/attestation/tpm.hpp"
#include "shared/domain/attestation/tpm_groups.hpp"

namespace berth::domain {
namespace {

// The checks by the names under which a decision's trace shows them.
constexpr std::string_view kEvidence = "evidence";
constexpr std::string_view kToken = "credential";
constexpr std::string_view kIndividual = "individual enrollment";
constexpr std::string_view kBlocked = "not blocked elsewhere";
constexpr std::string_view kEnabled = "enrollment enabled";
constexpr std::string_view kProof = "proof";
constexpr std::string_view kCommonName = "common name";
constexpr std::string_view kValidity = "validity";
constexpr std::string_view kCertificateBlocked = "certificate not blocked";
constexpr std::string_view kChain = "chain";
constexpr std::string_view kCaVerified = "CA verified";
constexpr std::string_view kGroupKey = "group key";
constexpr std::string_view kGroupEnabled = "group enabled";

using ports::Certificate;

ThumbprintCredential thumbprint_of(const Certificate& leaf) {
  return ThumbprintCredential{to_upper_hex(leaf.sha256), leaf.common_name};
}

// Of an enrolled certificate, or of a CA's (Registration::credential_id).
std::string credential_id_of(const Certificate& certificate) {
  return to_upper_hex(certificate.sha256);
}

// A CA's certificate may be renewed with the key that it had: its devices then chain to both, and
// are counted by the one that is to stay.
bool is_rolled_to(const KeyRoll& roll, const Anchor& anchor) {
  return !roll.next.empty() && roll.next == credential_id_of(anchor.certificate);
}

class Matcher {
 public:
  Matcher(const MatchRequest& request, EnrollmentLookup& lookup, ports::Crypto& crypto,
          const X509Rules& rules, MatchTrace& trace)
      : request_(request), lookup_(lookup), crypto_(crypto), rules_(rules), trace_(trace) {}

  Verdict match() {
    const Evidence& evidence = request_.evidence;
    trace_.plan({kEvidence, kToken, kIndividual, kBlocked});
    trace_.at(kEvidence);
    if (!evidence.token && !evidence.psk && !evidence.tpm && evidence.chain.empty()) {
      return Refusal{
          Error{Errc::unauthorized, "the device showed neither a certificate nor a SAS token"}};
    }
    // Before any record is looked at, so that no answer tells what is enrolled.
    if (evidence.token) {
      trace_.at(kToken, "it is made for this device, and in force");
      auto usable = check_device_token(*evidence.token, request_.id_scope, request_.registration_id,
                                       request_.now);
      if (!usable) return Refusal{usable.error()};
    }
    if (evidence.psk) {
      trace_.at(kToken, "the PSK identity names this device");
      auto usable =
          check_psk_identity(evidence.psk->identity, request_.id_scope, request_.registration_id);
      if (!usable) return Refusal{usable.error()};
    }
    trace_.at(kIndividual, "none names this ID");
    auto individual = lookup_.individual(request_.registration_id);
    if (!individual) return Refusal{individual.error()};
    if (*individual) return judge_individual(**individual);
    trace_.at(kBlocked, "no disabled enrollment of another site names this ID");
    auto blocked = lookup_.is_blocked(request_.registration_id);
    if (!blocked) return Refusal{blocked.error()};
    if (*blocked) {
      return Refusal{
          Error{Errc::disabled, "a disabled individual enrollment of another site names this ID"}};
    }
    // Before the groups by key, so that a chip's token is not tried against their keys.
    TpmGroups tpm_groups(request_, lookup_, crypto_, rules_, trace_);
    if (tpm_groups.attests_by_tpm()) return tpm_groups.match();
    if (evidence.token) return match_symmetric_groups(*evidence.token);
    if (evidence.psk) return match_psk_group(*evidence.psk);
    return match_x509_groups();
  }

 private:
  Verdict judge_individual(const Versioned<IndividualEnrollment>& found) {
    const EnrollmentRef enrollment = reference_to(found);
    trace_.say(name_of(enrollment) + " names this ID");
    trace_.plan({kEnabled, kProof});
    trace_.at(kEnabled);
    // A disabled record refuses whatever the device shows: its keys need not be the device's when
    // it only stands there to take one device out of a group (service API 2.7).
    if (found.record.provisioning.status == ProvisioningStatus::disabled) {
      return refused_by(enrollment, Errc::disabled, "the enrollment is disabled");
    }
    if (const auto* keys = std::get_if<SymmetricKeyAttestation>(&found.record.attestation)) {
      return judge_individual_key(found, *keys);
    }
    if (const auto* x509 = std::get_if<X509Attestation>(&found.record.attestation)) {
      return judge_individual_certificate(found, *x509);
    }
    if (const auto* tpm = std::get_if<TpmAttestation>(&found.record.attestation)) {
      return judge_individual_tpm(found, *tpm);
    }
    return Refusal{Error{Errc::corrupt, "an individual enrollment attests as a group"}};
  }

  Verdict judge_individual_tpm(const Versioned<IndividualEnrollment>& found,
                               const TpmAttestation& enrolled) {
    const EnrollmentRef enrollment = reference_to(found);
    trace_.at(kProof, "the TPM is the one enrolled");
    const Evidence& evidence = request_.evidence;
    // Keys without an answer ask for a challenge.
    if (evidence.tpm && !evidence.token) {
      if (auto fit = check_shown_tpm(*evidence.tpm, enrolled); !fit) {
        if (fit.error().code == Errc::unauthorized) {
          return matched_nothing(fit.error().code, fit.error().reason, enrollment);
        }
        return refused_by(enrollment, fit.error().code, fit.error().reason);
      }
      return ChallengeDue{enrollment, *evidence.tpm};
    }
    auto answered = check_tpm_answer(evidence, enrolled, request_.tpm_challenges, crypto_);
    if (!answered) {
      return matched_nothing(answered.error().code, answered.error().reason, enrollment);
    }
    Attested attested = attested_by(found);
    attested.type = AttestationType::tpm;
    attested.tpm = std::move(*answered);
    return attested;
  }

  Verdict judge_individual_key(const Versioned<IndividualEnrollment>& found,
                               const SymmetricKeyAttestation& keys) {
    const EnrollmentRef enrollment = reference_to(found);
    trace_.at(kProof, "the device holds a key of the enrollment");
    if (request_.evidence.psk) return judge_individual_psk(found, keys, *request_.evidence.psk);
    if (!request_.evidence.token) {
      return matched_nothing(
          Errc::unauthorized,
          "the device showed no SAS token, and its enrollment attests by symmetric key",
          enrollment);
    }
    if (!either_key_fits(*request_.evidence.token, keys, crypto_)) {
      return matched_nothing(Errc::unauthorized,
                             "SAS signature fits neither primary nor secondary key", enrollment);
    }
    return attested_by_key(attested_by(found), keys);
  }

  // An individual enrollment's keys are nobody's group's: an identity that names a group is proof
  // of another key, also where an enrollment of its own takes that device out of the group.
  Verdict judge_individual_psk(const Versioned<IndividualEnrollment>& found,
                               const SymmetricKeyAttestation& keys, const PskProof& proof) {
    const EnrollmentRef enrollment = reference_to(found);
    if (proof.identity.group ||
        !psk_fits(proof, device_key_of(proof.identity, keys, crypto_), crypto_)) {
      return matched_nothing(Errc::unauthorized,
                             "the pre-shared key is not of the enrollment's key", enrollment);
    }
    return attested_by_key(attested_by(found), keys);
  }

  Verdict judge_individual_certificate(const Versioned<IndividualEnrollment>& found,
                                       const X509Attestation& x509) {
    const EnrollmentRef enrollment = reference_to(found);
    trace_.plan({kProof, kCommonName, kValidity, kCertificateBlocked});
    trace_.at(kProof, "the certificate is the one enrolled");
    if (request_.evidence.chain.empty()) {
      return matched_nothing(
          Errc::unauthorized,
          "the device showed no certificate, and its enrollment attests by certificate",
          enrollment);
    }
    if (x509.kind == X509Attestation::Kind::ca_references) {
      return judge_individual_by_ca(found, x509);
    }
    const Certificate& leaf = request_.evidence.chain.front();
    if (!is_enrolled_certificate(leaf, x509)) {
      return matched_nothing(
          Errc::certificate_refused,
          "the certificate presented is neither primary nor secondary of the enrollment",
          enrollment);
    }
    trace_.at(kCommonName);
    if (auto named = check_common_name(leaf, request_.registration_id); !named) {
      return refused_by(enrollment, named.error().code, named.error().reason);
    }
    trace_.at(kValidity);
    if (auto valid = check_validity(leaf, "leaf", request_.now, rules_); !valid) {
      return refused_by(enrollment, valid.error().code, valid.error().reason);
    }
    trace_.at(kCertificateBlocked);
    if (auto allowed = check_not_blocked(leaf); !allowed) return Refusal{allowed.error()};
    Attested attested = attested_by(found);
    attested.type = AttestationType::x509;
    attested.credential = thumbprint_of(leaf);
    attested.credential_id = credential_id_of(leaf);
    attested.leaf = leaf;
    return attested;
  }

  // The chain ends at a CA that the enrollment names, and the leaf's CN is the ID (service
  // API 2.4).
  Verdict judge_individual_by_ca(const Versioned<IndividualEnrollment>& found,
                                 const X509Attestation& x509) {
    const EnrollmentRef enrollment = reference_to(found);
    const Certificate& leaf = request_.evidence.chain.front();
    trace_.plan({kCommonName, kCertificateBlocked, kChain, kCaVerified});
    trace_.at(kCommonName);
    if (auto named = check_common_name(leaf, request_.registration_id); !named) {
      return refused_by(enrollment, named.error().code, named.error().reason);
    }
    trace_.at(kCertificateBlocked);
    if (auto allowed = check_not_blocked(leaf); !allowed) return Refusal{allowed.error()};
    trace_.at(kChain, "the chain leads to a CA that the enrollment names");
    const AnchorsBySubject anchors = [this, &x509](ByteView) { return referenced_cas(x509); };
    auto built = build_path(request_.evidence.chain, anchors, request_.now, rules_, crypto_);
    if (auto* failure = std::get_if<PathFailure>(&built)) {
      if (!failure->no_anchor) {
        return refused_by(enrollment, failure->error.code, failure->error.reason);
      }
      return matched_nothing(
          Errc::certificate_refused,
          "the chain presented leads to no CA certificate that the enrollment names", enrollment);
    }
    trace_.at(kCaVerified);
    std::optional<Attested> attested;
    for (const Anchor& anchor : std::get_if<Path>(&built)->anchors) {
      if (!anchor.verified) continue;
      if (attested && !is_rolled_to(found.record.key_roll, anchor)) continue;
      attested = attested_by(found);
      attested->type = AttestationType::x509;
      attested->leaf = leaf;
      attested->credential = thumbprint_of(leaf);
      attested->credential_id = credential_id_of(anchor.certificate);
      attested->signing_certificate = anchor.certificate;
    }
    if (attested) return std::move(*attested);
    return refused_by(enrollment, Errc::certificate_refused,
                      "the enrollment refers to an uploaded CA certificate whose key nobody has "
                      "proved to possess");
  }

  Result<std::vector<Anchor>> referenced_cas(const X509Attestation& x509) {
    std::vector<Anchor> anchors;
    for (const std::string* name : {&x509.primary_ca_name, &x509.secondary_ca_name}) {
      if (name->empty()) continue;
      auto stored = lookup_.ca_certificate(*name);
      if (!stored) return stored.error();
      if (!*stored) continue;
      auto certificate = crypto_.parse_certificate((*stored)->certificate);
      if (!certificate) {
        return Error{Errc::corrupt, "the CA certificate '" + *name + "' does not parse"};
      }
      anchors.push_back(Anchor{std::move(*certificate), {}, (*stored)->is_verified});
    }
    return anchors;
  }

  // A certificate that a disabled individual enrollment names is refused everywhere (service API
  // 2.7).
  Result<void> check_not_blocked(const Certificate& leaf) {
    auto blocked = lookup_.is_certificate_blocked(leaf.sha256);
    if (!blocked) return blocked.error();
    if (*blocked) {
      return Error{Errc::disabled, "a disabled individual enrollment names this certificate"};
    }
    return {};
  }

  Attested attested_by_key(Attested attested, const SymmetricKeyAttestation& keys) const {
    const auto& token = request_.evidence.token;
    const auto& psk = request_.evidence.psk;
    const bool is_secondary = psk ? psk->identity.slot == KeySlot::secondary
                                  : token && !signature_fits(*token, keys.primary, crypto_);
    attested.type = AttestationType::symmetric_key;
    attested.credential = SymmetricKeyCredential{keys.primary, keys.secondary, is_secondary};
    attested.credential_id = is_secondary ? keys.secondary_id : keys.primary_id;
    return attested;
  }

  Attested attested_by(const Versioned<IndividualEnrollment>& found) const {
    Attested attested;
    attested.enrollment = reference_to(found);
    attested.provisioning = found.record.provisioning;
    attested.device_id =
        found.record.device_id.value_or(DeviceId(found.record.registration_id.str()));
    return attested;
  }

  Attested attested_by(const Versioned<EnrollmentGroup>& found) const {
    Attested attested;
    attested.enrollment = reference_to(found);
    attested.provisioning = found.record.provisioning;
    attested.device_id = DeviceId(request_.registration_id.str());
    return attested;
  }

  // --- groups by symmetric key ---

  Verdict match_symmetric_groups(const SasToken& token) {
    trace_.plan({kGroupKey, kGroupEnabled});
    trace_.at(kGroupKey);
    auto groups = lookup_.symmetric_groups();
    if (!groups) return Refusal{groups.error()};
    const std::size_t held = groups->size();
    put_bound_group_first(*groups);
    if (groups->size() > kMaxSymmetricGroups) groups->resize(kMaxSymmetricGroups);
    for (const GroupKeys& candidate : *groups) {
      auto keys = keys_that_fit(token, candidate.keys);
      if (!keys) continue;
      return attest_by_group_key(candidate.group, *keys);
    }
    if (groups->empty()) try_a_key_of_nobody(token);
    std::string reason =
        "no individual enrollment names this ID, and the SAS signature fits no key derived from " +
        std::to_string(groups->size()) + " symmetric enrollment groups";
    if (held > groups->size()) reason += " (of " + std::to_string(held) + ")";
    return matched_nothing(Errc::unauthorized, std::move(reason));
  }

  void put_bound_group_first(std::vector<GroupKeys>& groups) const {
    if (!request_.bound_to || !request_.bound_to->is_group) return;
    std::stable_partition(groups.begin(), groups.end(), [this](const GroupKeys& candidate) {
      return equals_ignoring_case(candidate.group.str(), request_.bound_to->id);
    });
  }

  // The keys that the device has in this group, if one of them signed the token. Clients hash the
  // ID in their own spelling, which need not be the one that they present (device API 1.7).
  std::optional<SymmetricKeyAttestation> keys_that_fit(const SasToken& token,
                                                       const SymmetricKeyAttestation& group) {
    const RegistrationId& id = request_.registration_id;
    SymmetricKeyAttestation keys = derive_device_keys(group, id.str(), crypto_);
    if (either_key_fits(token, keys, crypto_)) return keys;
    if (id.folded() == id.str()) return std::nullopt;
    keys = derive_device_keys(group, id.folded(), crypto_);
    if (either_key_fits(token, keys, crypto_)) return keys;
    return std::nullopt;
  }

  // An unknown ID costs what a wrong key does.
  void try_a_key_of_nobody(const SasToken& token) {
    const SymmetricKeyAttestation nobody{SecretBytes(Bytes(kMaxSymmetricKeySize, 0x01)),
                                         SecretBytes(Bytes(kMaxSymmetricKeySize, 0x02))};
    static_cast<void>(either_key_fits(token, nobody, crypto_));
  }

  // The identity names the one group whose keys are tried.
  Verdict match_psk_group(const PskProof& proof) {
    trace_.plan({kGroupKey, kGroupEnabled});
    trace_.at(kGroupKey);
    if (!proof.identity.group) {
      return matched_nothing(
          Errc::unauthorized,
          "no individual enrollment names this ID, and the PSK identity names no group");
    }
    auto group = lookup_.group(*proof.identity.group);
    if (!group) return Refusal{group.error()};
    const auto* keys =
        *group ? std::get_if<SymmetricKeyAttestation>(&(*group)->record.attestation) : nullptr;
    if (keys == nullptr ||
        !psk_fits(proof, device_key_of(proof.identity, *keys, crypto_), crypto_)) {
      return matched_nothing(Errc::unauthorized,
                             "the pre-shared key is not of the group that its identity names");
    }
    return attest_by_group_key(
        *proof.identity.group,
        derive_device_keys(*keys, proof.identity.registration_id.str(), crypto_));
  }

  Verdict attest_by_group_key(const EnrollmentGroupId& id, const SymmetricKeyAttestation& keys) {
    auto group = lookup_.group(id);
    if (!group) return Refusal{group.error()};
    if (!*group) {
      return matched_nothing(Errc::unauthorized,
                             "enrollment group " + id.str() + " went away while it was matched");
    }
    const EnrollmentRef enrollment = reference_to(**group);
    trace_.say("the device holds a key of " + name_of(enrollment));
    trace_.at(kGroupEnabled);
    if ((*group)->record.provisioning.status == ProvisioningStatus::disabled) {
      return refused_by(enrollment, Errc::disabled, "the enrollment group is disabled");
    }
    return attested_by_key(attested_by(**group), keys);
  }

  // --- groups by certificate ---

  Verdict match_x509_groups() {
    const Certificate& leaf = request_.evidence.chain.front();
    trace_.plan({kCommonName, kCertificateBlocked, kChain, kGroupEnabled});
    trace_.at(kCommonName);
    if (auto named = check_common_name(leaf, request_.registration_id); !named) {
      return Refusal{named.error()};
    }
    trace_.at(kCertificateBlocked);
    if (auto allowed = check_not_blocked(leaf); !allowed) return Refusal{allowed.error()};
    trace_.at(kChain, "the chain leads to a CA of an enrollment group");
    const AnchorsBySubject anchors = [this](ByteView subject) { return anchors_of(subject); };
    auto built = build_path(request_.evidence.chain, anchors, request_.now, rules_, crypto_);
    if (auto* failure = std::get_if<PathFailure>(&built)) {
      return Refusal{std::move(failure->error), failure->no_anchor};
    }
    return attest_by_path(*std::get_if<Path>(&built));
  }

  Result<std::vector<Anchor>> anchors_of(ByteView subject) {
    auto stored = lookup_.signing_certificates(subject);
    if (!stored) return stored.error();
    std::vector<Anchor> anchors;
    for (SigningCertificate& signing : *stored) {
      auto certificate = crypto_.parse_certificate(signing.der);
      if (!certificate) {
        return Error{Errc::corrupt, "a signing certificate of enrollment group " +
                                        signing.group.str() + " does not parse"};
      }
      if (!std::ranges::equal(certificate->subject, subject)) continue;
      if (anchors.size() == kMaxAnchorsPerSubject) break;
      anchors.push_back(
          Anchor{std::move(*certificate), std::move(signing.group), signing.verified});
    }
    return anchors;
  }

  // Where several groups hold the nearest CA, one that is disabled refuses for all: it was disabled
  // to keep that CA's devices out.
  Verdict attest_by_path(const Path& path) {
    trace_.at(kGroupEnabled);
    std::optional<Attested> attested;
    std::optional<Refusal> unverified;
    for (const Anchor& anchor : path.anchors) {
      auto group = lookup_.group(anchor.group);
      if (!group) return Refusal{group.error()};
      if (!*group) continue;
      const EnrollmentRef enrollment = reference_to(**group);
      if ((*group)->record.provisioning.status == ProvisioningStatus::disabled) {
        return refused_by(enrollment, Errc::disabled, "the enrollment group is disabled");
      }
      if (!anchor.verified) {
        unverified = refused_by(enrollment, Errc::certificate_refused,
                                "the group refers to an uploaded CA certificate whose key nobody "
                                "has proved to possess");
        continue;
      }
      const bool is_same_group = attested && attested->enrollment == enrollment;
      if (attested && !(is_same_group && is_rolled_to((*group)->record.key_roll, anchor))) continue;
      attested = attested_by(**group);
      attested->type = AttestationType::x509;
      attested->leaf = request_.evidence.chain.front();
      attested->credential = thumbprint_of(*attested->leaf);
      attested->credential_id = credential_id_of(anchor.certificate);
      attested->signing_certificate = anchor.certificate;
    }
    if (attested) {
      trace_.say(name_of(attested->enrollment) + " answers, and its CA is verified");
      return std::move(*attested);
    }
    if (unverified) return std::move(*unverified);
    return matched_nothing(Errc::certificate_refused,
                           "the enrollment group went away while it was matched");
  }

  const MatchRequest& request_;
  EnrollmentLookup& lookup_;
  ports::Crypto& crypto_;
  const X509Rules& rules_;
  MatchTrace& trace_;
};

}  // namespace

Verdict match(const MatchRequest& request, EnrollmentLookup& lookup, ports::Crypto& crypto,
              const X509Rules& rules, DecisionTrace* trace) {
  MatchTrace notes(trace);
  Verdict verdict = Matcher(request, lookup, crypto, rules, notes).match();
  notes.end(verdict);
  return verdict;
}

}  // namespace berth::domain
