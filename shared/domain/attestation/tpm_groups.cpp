#include "shared/domain/attestation/tpm_groups.hpp"

#include <algorithm>
#include <utility>

#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/endorsement_certificate.hpp"
#include "shared/domain/attestation/endorsement_key.hpp"
#include "shared/domain/attestation/refusals.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"
#include "shared/domain/attestation/tpm.hpp"
#include "shared/domain/attestation/tpm_registration_id.hpp"

namespace berth::domain {
namespace {

// The checks by the names under which a decision's trace shows them.
constexpr std::string_view kChipBlocked = "chip not blocked";
constexpr std::string_view kAdmitted = "chip admitted";
constexpr std::string_view kGroupEnabled = "group enabled";
constexpr std::string_view kOwnId = "registration ID of the chip";
constexpr std::string_view kProof = "proof";

const TpmGroupAttestation* tpm_group_in(const std::optional<Versioned<EnrollmentGroup>>& found) {
  return found ? std::get_if<TpmGroupAttestation>(&found->record.attestation) : nullptr;
}

}  // namespace

const TpmEvidence* TpmGroups::shown_chip() const {
  const Evidence& evidence = request_.evidence;
  if (evidence.tpm) return &*evidence.tpm;
  if (!evidence.token) return nullptr;
  // Who shows no keys beside the token is known by the challenge that it answers.
  for (const TpmChallenge& challenge : request_.tpm_challenges) {
    if (signature_fits(*evidence.token, challenge.key, crypto_)) return &challenge.keys;
  }
  return nullptr;
}

bool TpmGroups::attests_by_tpm() const {
  return request_.evidence.chain.empty() && shown_chip() != nullptr;
}

Verdict TpmGroups::match() {
  const TpmEvidence& chip = *shown_chip();
  trace_.plan({kChipBlocked, kAdmitted, kOwnId, kGroupEnabled, kProof});
  trace_.at(kChipBlocked);
  auto blocked = lookup_.is_endorsement_key_blocked(chip_digest(chip.endorsement_key, crypto_));
  if (!blocked) return Refusal{blocked.error()};
  if (*blocked) {
    return Refusal{Error{Errc::disabled,
                         "an individual enrollment names this endorsement key: the chip is its "
                         "device, or nobody's where it is disabled, and no group's"}};
  }
  trace_.at(kAdmitted);
  Admitted admitted = admit(chip);
  if (auto* refusal = std::get_if<Refusal>(&admitted)) return std::move(*refusal);
  return judge(std::move(*std::get_if<Admission>(&admitted)), chip);
}

TpmGroups::Admitted TpmGroups::admit(const TpmEvidence& chip) {
  auto listed = lookup_.admitted_tpm(crypto_.sha256(chip.endorsement_key));
  if (!listed) return Refusal{listed.error()};
  if (*listed) {
    auto group = lookup_.group((*listed)->group_id);
    if (!group) return Refusal{group.error()};
    // A list decides also where its group is not served: at another site the chip would be another
    // group's, and a second device.
    if (tpm_group_in(*group) == nullptr) {
      return matched_nothing(Errc::not_found, "enrollment group '" + (*listed)->group_id.str() +
                                                  "' has this TPM on its list, and admits no TPMs "
                                                  "at this site");
    }
    trace_.say(name_of(reference_to(**group)) + " has the chip on its list");
    std::string id = (*listed)->registration_id
                         ? (*listed)->registration_id->str()
                         : tpm_registration_id(chip.endorsement_key, crypto_);
    return Admission{std::move(**group), std::move(id), std::nullopt};
  }
  if (chip.certificates.empty()) {
    return matched_nothing(
        Errc::not_found,
        "no individual enrollment names this ID, no enrollment group has this TPM on its list, and "
        "the device showed no certificate of its endorsement key");
  }
  return admit_by_certificate(chip);
}

TpmGroups::Admitted TpmGroups::admit_by_certificate(const TpmEvidence& chip) {
  auto chain = parse_tpm_certificates(chip.certificates, crypto_);
  if (!chain) return Refusal{chain.error()};
  // The coordinator may have the chip on a list since.
  auto model = check_endorsement_certificate(chain->front(), chip.endorsement_key);
  if (!model) return Refusal{model.error(), true};
  trace_.say("a TPM of " + model->manufacturer + ", model " + model->model + ", version " +
             model->version);
  const AnchorsBySubject anchors = [this](ByteView subject) { return issuers_of(subject); };
  auto built = build_path(*chain, anchors, request_.now, rules_, crypto_, LeafUse::unwraps_keys);
  if (auto* failure = std::get_if<PathFailure>(&built)) {
    return Refusal{std::move(failure->error), failure->no_anchor};
  }
  return admit_by_path(*std::get_if<Path>(&built), chip);
}

// Where several groups hold the nearest CA, one that is disabled refuses for all: it was disabled
// to keep that CA's chips out.
TpmGroups::Admitted TpmGroups::admit_by_path(const Path& path, const TpmEvidence& chip) {
  std::optional<Admission> admission;
  for (const Anchor& anchor : path.anchors) {
    auto group = lookup_.group(anchor.group);
    if (!group) return Refusal{group.error()};
    if (tpm_group_in(*group) == nullptr) continue;
    const bool disabled = (*group)->record.provisioning.status == ProvisioningStatus::disabled;
    if (admission && !disabled) continue;
    admission = Admission{std::move(**group), tpm_registration_id(chip.endorsement_key, crypto_),
                          anchor.certificate};
    if (disabled) break;
  }
  if (admission) return std::move(*admission);
  return matched_nothing(Errc::certificate_refused,
                         "the enrollment group went away while it was matched");
}

Result<std::vector<Anchor>> TpmGroups::issuers_of(ByteView subject) {
  auto stored = lookup_.tpm_issuers(subject);
  if (!stored) return stored.error();
  std::vector<Anchor> anchors;
  for (SigningCertificate& issuer : *stored) {
    auto certificate = crypto_.parse_certificate(issuer.der);
    if (!certificate) {
      return Error{Errc::corrupt, "a CA certificate of enrollment group " + issuer.group.str() +
                                      " does not parse"};
    }
    if (!std::ranges::equal(certificate->subject, subject)) continue;
    if (anchors.size() == kMaxAnchorsPerSubject) break;
    anchors.push_back(Anchor{std::move(*certificate), std::move(issuer.group), true});
  }
  return anchors;
}

Verdict TpmGroups::judge(Admission admission, const TpmEvidence& chip) {
  const EnrollmentRef enrollment = reference_to(admission.group);
  trace_.at(kOwnId);
  if (!equals_ignoring_case(admission.registration_id, request_.registration_id.str())) {
    // First of all, and in no enrollment's name: nothing is proved yet, and an endorsement key is
    // no secret. Attempts are recorded beside an enrollment, so nobody gets made-up IDs recorded.
    return Refusal{Error{Errc::unauthorized,
                         "a chip of a group has one registration ID, and this one's is '" +
                             admission.registration_id + "' (" + name_of(enrollment) + ")"}};
  }
  trace_.at(kGroupEnabled);
  if (admission.group.record.provisioning.status == ProvisioningStatus::disabled) {
    return refused_by(enrollment, Errc::disabled, "the enrollment group is disabled");
  }
  trace_.at(kProof, "the device answered what only this chip can unwrap");
  const TpmAttestation this_chip{chip.endorsement_key, {}};
  if (!request_.evidence.token) {
    if (auto fit = check_shown_tpm(chip, this_chip); !fit) {
      return refused_by(enrollment, fit.error().code, fit.error().reason);
    }
    return ChallengeDue{enrollment, chip};
  }
  auto answered = check_tpm_answer(request_.evidence, this_chip, request_.tpm_challenges, crypto_);
  if (!answered) {
    return refused_by(enrollment, answered.error().code, answered.error().reason);
  }
  Attested attested;
  attested.type = AttestationType::tpm;
  attested.enrollment = enrollment;
  attested.provisioning = admission.group.record.provisioning;
  attested.device_id = DeviceId(request_.registration_id.str());
  attested.tpm = std::move(*answered);
  attested.signing_certificate = std::move(admission.signing_certificate);
  return attested;
}

}  // namespace berth::domain
