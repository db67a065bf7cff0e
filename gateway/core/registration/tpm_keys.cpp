#include "gateway/core/registration/tpm_keys.hpp"

#include "shared/domain/attestation/tpm_authentication_key.hpp"
#include "shared/domain/attestation/tpm_storage_key.hpp"

namespace berth::gateway {

domain::DeviceCredential make_identity_keys(ports::Entropy& entropy) {
  return domain::SymmetricKeyCredential{entropy.secret(domain::kTpmKeySize),
                                        entropy.secret(domain::kTpmKeySize)};
}

Result<Bytes> wrap_for_tpm(const domain::TpmEvidence& chip, const SecretBytes& key,
                           const std::string& uri, const EnginePorts& ports) {
  const auto endorsement_key =
      domain::parse_tpm_storage_key(chip.endorsement_key, "endorsement key", ports.crypto);
  if (!endorsement_key) return endorsement_key.error();
  const auto storage_root_key =
      domain::parse_tpm_storage_key(chip.storage_root_key, "storage root key", ports.crypto);
  if (!storage_root_key) return storage_root_key.error();
  const auto parts = domain::make_tpm_authentication_key(
      *endorsement_key, *storage_root_key, key, uri, domain::draw_tpm_blob_secrets(ports.entropy),
      ports.crypto);
  if (!parts) return parts.error();
  return domain::tpm_blob_of(*parts);
}

}  // namespace berth::gateway
