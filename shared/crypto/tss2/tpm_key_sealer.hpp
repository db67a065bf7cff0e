// Seals a secret to the TPM 2.0 of this machine over libtss2. The secret lies under the storage
// root key of the owner hierarchy, which is made anew from the TPM's own seed each time (TCG TPM
// v2.0 Provisioning Guidance, section 7.5.1) and leaves nothing in the TPM; no PCR takes part, so a
// firmware update does not lock the machine out of its data (docs/root_key.md).
#pragma once

#include <memory>
#include <string>

#include "shared/base/result.hpp"
#include "shared/ports/key_sealer.hpp"

namespace berth::crypto {

// Where a Linux machine has its TPM, behind the kernel's resource manager.
inline constexpr const char* kDefaultTcti = "device:/dev/tpmrm0";

// `tcti` as libtss2 names the way to a TPM: "device:/dev/tpmrm0", "swtpm:host=127.0.0.1,port=2321".
// Errc::io, with the way in the reason, if nothing answers there.
[[nodiscard]] Result<std::unique_ptr<ports::KeySealer>> open_tpm_key_sealer(
    const std::string& tcti);

}  // namespace berth::crypto
