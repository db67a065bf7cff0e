// What a device shows of itself, whatever protocol brought it. A protocol adapter fills this in and
// judges nothing (design 3.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/attestation/pre_shared_key.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// Most certificates that a device may present, the leaf included.
inline constexpr std::size_t kMaxPresentedCertificates = 8;
// Largest certificate that is looked at, in bytes of DER.
inline constexpr std::size_t kMaxCertificateSize = 16 * 1024;

// Most certificates that a TPM's device may show, that of its endorsement key included, and the
// largest. They are kept as long as its challenge is; a chip stores 2 KiB of a certificate at most.
inline constexpr std::size_t kMaxTpmCertificates = 4;
inline constexpr std::size_t kMaxTpmCertificateSize = 4 * 1024;

// A shared access signature taken apart (device API 1.7). shared/protocol/sas_token reads and
// writes its text form.
struct SasToken {
  std::string resource;  // `sr` exactly as transmitted, still encoded: this text is what is signed
  std::string expiry_text;  // `se` exactly as transmitted: signed too
  std::int64_t expiry = 0;  // the same in Unix seconds
  Bytes signature;          // `sig`, decoded
  std::string key_name;     // `skn`; empty if absent or empty
};

struct TpmEvidence {
  Bytes endorsement_key;   // TPM2B_PUBLIC
  Bytes storage_root_key;  // TPM2B_PUBLIC; empty if absent
  // DER: the endorsement key's, and behind it those that issued it, if the device shows any.
  std::vector<Bytes> certificates = {};
};

struct Evidence {
  std::vector<ports::Certificate> chain;  // as presented, leaf first; empty: none
  std::optional<SasToken> token;
  std::optional<PskProof> psk;
  std::optional<TpmEvidence> tpm;
};

// Counts, measures and then parses what a TLS client presented, leaf first. Errc::too_large past
// the limits above, Errc::certificate_refused for what does not parse.
[[nodiscard]] Result<std::vector<ports::Certificate>> parse_presented_chain(
    std::span<const Bytes> der_certificates, ports::Crypto& crypto);

// The same for the certificates of a TPM's endorsement key. At least one is there.
[[nodiscard]] Result<std::vector<ports::Certificate>> parse_tpm_certificates(
    std::span<const Bytes> der_certificates, ports::Crypto& crypto);

}  // namespace berth::domain
