// What a device shows of its TPM: public areas, and the blob that its answer is wrapped in.
#include "shared/crypto/mbedtls/mbedtls.hpp"
#include "shared/domain/attestation/tpm.hpp"
#include "shared/domain/attestation/tpm_authentication_key.hpp"
#include "shared/domain/attestation/tpm_storage_key.hpp"
#include "tests/fuzz/input.hpp"

using namespace berth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto crypto = crypto::make_mbedtls_crypto();
  const ByteView bytes(data, size);
  const auto key = domain::parse_tpm_storage_key(bytes, "the key", *crypto);
  if (key) {
    fuzz::require(size <= domain::kMaxTpmPublicSize);
    fuzz::require(domain::check_tpm_storage_key(bytes, "the key").has_value());
  } else {
    fuzz::require(!key.error().reason.empty());
  }
  (void)domain::check_endorsement_key(bytes);
  if (const auto parts = domain::parse_tpm_blob(bytes)) {
    // Six parts behind their sizes: there is one way to write them.
    fuzz::require(domain::tpm_blob_of(*parts) == to_bytes(bytes));
  }
  return 0;
}
