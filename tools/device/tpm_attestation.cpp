#include "tools/device/tpm_attestation.hpp"

#include <cstdint>
#include <utility>

#include "shared/domain/attestation/tpm_authentication_key.hpp"
#include "shared/domain/attestation/tpm_wire.hpp"
#include "shared/protocol/sas_token.hpp"
#include "tools/device/tpm.hpp"

namespace berth::device {
namespace {

constexpr std::int64_t kLifetime = 3600;

Result<std::string> signed_token(Tpm& tpm, const protocol::UnsignedSasToken& token) {
  const std::string text = token.text();
  const auto signature = tpm.sign(as_bytes(text));
  if (!signature) return signature.error();
  return token.finish(*signature);
}

class TpmMechanism final : public SaslMechanism {
 public:
  explicit TpmMechanism(Attempt attempt) : attempt_(std::move(attempt)) {}

  const char* name() const override { return "TPM"; }

  // `00` scope `00` registration ID `00` EK.
  SecretBytes initial_response() override {
    Bytes out{0};
    append(out, as_bytes(attempt_.endpoint.id_scope));
    out.push_back(0);
    append(out, as_bytes(attempt_.identity.registration_id));
    out.push_back(0);
    append(out, attempt_.identity.tpm->endorsement_key());
    return SecretBytes(std::move(out));
  }

  Result<SecretBytes> respond(ByteView challenge) override {
    if (challenge.empty()) return Error{Errc::malformed, "SASL TPM: an empty challenge"};
    const std::uint8_t control = challenge.front();
    if (control == 0) {
      Bytes out{0};
      append(out, attempt_.identity.tpm->storage_root_key());
      // Ours: DPS has the storage root key alone here (docs/attestation/tpm.md).
      const Bytes& certificate = attempt_.identity.tpm->endorsement_certificate();
      if (attempt_.identity.shows_certificate && !certificate.empty()) {
        domain::append_sized(out, certificate);
      }
      return SecretBytes(std::move(out));
    }
    // `80` carries data, `40` says that it is the last; the rest is the segment's number.
    if ((control & kData) == 0 || (control & kNumber) != segments_ ||
        blob_.size() + challenge.size() > domain::kMaxTpmBlobRead) {
      return Error{Errc::malformed, "SASL TPM: a segment out of turn"};
    }
    ++segments_;
    append(blob_, challenge.subspan(1));
    if ((control & kLast) == 0) return SecretBytes(Bytes{0});
    const auto token = answer_tpm_challenge(attempt_, blob_);
    if (!token) return token.error();
    Bytes out{0};
    append(out, as_bytes(*token));
    return SecretBytes(std::move(out));
  }

 private:
  static constexpr std::uint8_t kData = 0x80;
  static constexpr std::uint8_t kLast = 0x40;
  static constexpr std::uint8_t kNumber = 0x03;

  Attempt attempt_;
  Bytes blob_;
  std::uint8_t segments_ = 0;
};

}  // namespace

Result<std::string> answer_tpm_challenge(const Attempt& attempt, ByteView blob) {
  Tpm& tpm = *attempt.identity.tpm;
  if (auto activated = tpm.activate(blob); !activated) return activated.error();
  return signed_token(tpm, {resource_of(attempt), attempt.unix_now + kLifetime, "registration"});
}

Result<Outcome> take_identity_key(const Attempt& attempt, Outcome outcome) {
  if (!attempt.identity.tpm || !outcome.assigned) return outcome;
  Tpm& tpm = *attempt.identity.tpm;
  if (auto activated = tpm.activate(outcome.tpm_authentication_key); !activated) {
    return activated.error();
  }
  if (attempt.wants_hub_token) {
    auto token = signed_token(
        tpm, {outcome.hub + "/devices/" + outcome.device_id, attempt.unix_now + kLifetime, ""});
    if (!token) return token.error();
    outcome.hub_token = std::move(*token);
  }
  return outcome;
}

std::unique_ptr<SaslMechanism> make_tpm_mechanism(const Attempt& attempt) {
  return std::make_unique<TpmMechanism>(attempt);
}

}  // namespace berth::device
