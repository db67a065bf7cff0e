#include "shared/domain/attestation/tpm_authentication_key.hpp"

#include <array>
#include <utility>

#include "shared/domain/attestation/tpm_protection.hpp"
#include "shared/domain/attestation/tpm_wire.hpp"

namespace berth::domain {
namespace {

constexpr std::size_t kSeedSize = 32;

}  // namespace

TpmBlobSecrets draw_tpm_blob_secrets(ports::Entropy& entropy) {
  TpmBlobSecrets secrets;
  secrets.import.seed_value = entropy.secret(kSeedSize);
  secrets.import.wrap_key = entropy.secret(ports::kAes128KeySize);
  secrets.import.duplication_seed = entropy.secret(kSeedSize);
  secrets.credential_seed = entropy.secret(kSeedSize);
  return secrets;
}

Result<TpmAuthenticationKey> make_tpm_authentication_key(const TpmStorageKey& endorsement_key,
                                                         const TpmStorageKey& storage_root_key,
                                                         const SecretBytes& key,
                                                         std::string_view uri,
                                                         const TpmBlobSecrets& secrets,
                                                         ports::Crypto& crypto) {
  constexpr std::array<std::uint8_t, ports::kAesBlockSize> kZeroVector{};
  auto credential_seed =
      tpm_encrypt_seed(endorsement_key, "IDENTITY", secrets.credential_seed, crypto);
  if (!credential_seed) return credential_seed.error();
  auto duplication_seed =
      tpm_encrypt_seed(storage_root_key, "DUPLICATE", secrets.import.duplication_seed, crypto);
  if (!duplication_seed) return duplication_seed.error();

  TpmImportableKey importable = make_tpm_importable_key(key, secrets.import, crypto);
  TpmAuthenticationKey parts;
  const SecretBytes credential(sized(secrets.import.wrap_key.reveal()));
  // Bound to the name of the storage root key: the chip activates it for no other object.
  parts.credential_blob =
      sized(tpm_protect(secrets.credential_seed, storage_root_key.name, credential, crypto));
  parts.credential_seed = std::move(*credential_seed);
  parts.duplicate = std::move(importable.duplicate);
  parts.duplication_seed = std::move(*duplication_seed);
  parts.public_area = std::move(importable.public_area);
  if (uri.size() > kMaxTpmKeyUri) uri = {};
  parts.wrap_data = sized(
      crypto.aes128_cfb_encrypt(secrets.import.wrap_key.reveal(), kZeroVector, as_bytes(uri)));
  return parts;
}

Bytes tpm_blob_of(const TpmAuthenticationKey& parts) {
  Bytes blob;
  for (const Bytes* part : {&parts.credential_blob, &parts.credential_seed, &parts.duplicate,
                            &parts.duplication_seed, &parts.public_area, &parts.wrap_data}) {
    append(blob, *part);
  }
  return blob;
}

Result<TpmAuthenticationKey> parse_tpm_blob(ByteView blob) {
  // Every part is inside the whole, so that the whole bounds them.
  if (blob.size() > kMaxTpmBlobRead) {
    return Error{Errc::too_large, "the TPM authentication key is too large"};
  }
  TpmReader in(blob);
  TpmAuthenticationKey parts;
  for (Bytes* part : {&parts.credential_blob, &parts.credential_seed, &parts.duplicate,
                      &parts.duplication_seed, &parts.public_area, &parts.wrap_data}) {
    const auto content = in.sized(kMaxTpmBlobRead);
    if (!content) return Error{Errc::malformed, "the TPM authentication key ends too early"};
    *part = sized(*content);
  }
  if (!in.at_end()) {
    return Error{Errc::malformed, "something follows the TPM authentication key"};
  }
  return parts;
}

}  // namespace berth::domain
