#include "shared/domain/attestation/tpm.hpp"

#include "shared/domain/attestation/symmetric_key.hpp"
#include "shared/domain/attestation/tpm_storage_key.hpp"

namespace berth::domain {
namespace {

bool is_enrolled(const TpmEvidence& keys, const TpmAttestation& enrolled) {
  return constant_time_equal(keys.endorsement_key, enrolled.endorsement_key);
}

Error another_chip() {
  return Error{Errc::unauthorized,
               "the TPM's endorsement key is not the enrolled one: another chip, or another "
               "device's enrollment"};
}

}  // namespace

Result<void> check_endorsement_key(ByteView tpm2b_public) {
  const auto key = check_tpm_storage_key(tpm2b_public, "endorsement key");
  if (!key) return key.error();
  return {};
}

Result<void> check_shown_tpm(const TpmEvidence& shown, const TpmAttestation& enrolled) {
  // First, so that nobody is told more of the enrollment than that this is not its chip.
  if (!is_enrolled(shown, enrolled)) return another_chip();
  if (auto key = check_endorsement_key(shown.endorsement_key); !key) return key;
  if (shown.storage_root_key.empty()) {
    return Error{Errc::invalid, "the device shows no storage root key of its TPM"};
  }
  const auto root = check_tpm_storage_key(shown.storage_root_key, "storage root key");
  if (!root) return root.error();
  return {};
}

Result<TpmChallenge> check_tpm_answer(const Evidence& evidence, const TpmAttestation& enrolled,
                                      std::span<const TpmChallenge> challenges,
                                      ports::Crypto& crypto) {
  if (!evidence.token) {
    return Error{Errc::unauthorized,
                 "the device showed neither its TPM's keys nor a SAS token, and its enrollment "
                 "attests by TPM"};
  }
  if (evidence.tpm && !is_enrolled(*evidence.tpm, enrolled)) return another_chip();
  const TpmChallenge* answered = nullptr;
  for (const TpmChallenge& challenge : challenges) {
    if (!is_enrolled(challenge.keys, enrolled)) continue;
    // Who shows keys again is held to them.
    const bool shown =
        !evidence.tpm || evidence.tpm->storage_root_key.empty() ||
        constant_time_equal(evidence.tpm->storage_root_key, challenge.keys.storage_root_key);
    if (shown && signature_fits(*evidence.token, challenge.key, crypto)) answered = &challenge;
  }
  if (answered == nullptr) {
    return Error{Errc::unauthorized,
                 "the SAS token answers no challenge that this TPM has open: it is from an older "
                 "one, or the storage root key is not the one that was challenged"};
  }
  return *answered;
}

}  // namespace berth::domain
