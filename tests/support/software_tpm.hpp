// A TPM as far as a registration needs one, on libcrypto and written from the TPM 2.0 Library
// specification a second time, so that a mistake of ours is not understood by its own kind. A suite
// that uses it lists software_tpm.cpp and rsa_key.cpp among its sources and PkgConfig::LIBCRYPTO
// among its uses.
#pragma once

#include <optional>

#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"
#include "tests/support/rsa_key.hpp"

namespace berth::testing {

class SoftwareTpm {
 public:
  // Chips of different numbers have different keys.
  explicit SoftwareTpm(unsigned number = 0);

  [[nodiscard]] const Bytes& endorsement_key() const { return endorsement_key_; }    // TPM2B_PUBLIC
  [[nodiscard]] const Bytes& storage_root_key() const { return storage_root_key_; }  // TPM2B_PUBLIC
  // TPM2_Clear: another storage root key.
  void clear();

  // ActivateCredential and Import: the key that the blob holds for this TPM. None if any of its
  // checks fails.
  [[nodiscard]] std::optional<SecretBytes> unwrap(ByteView blob) const;

 private:
  unsigned number_;
  unsigned clearings_ = 0;
  const RsaKey* endorsement_;
  const RsaKey* root_ = nullptr;
  Bytes endorsement_key_;
  Bytes storage_root_key_;
};

}  // namespace berth::testing
