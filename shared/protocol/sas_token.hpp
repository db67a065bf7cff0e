// Shared access signatures as text (device API 1.7, service API 1.10):
//   SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={policy}
// Fields come in any order. What is signed is `sr` exactly as transmitted, a line feed, and `se`:
// `sr` is therefore never rebuilt. Whether a key fits and whether the token is expired is judged by
// shared/domain/attestation/symmetric_key; the names are brought in here for tokens that are not a
// device's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/domain/attestation/evidence.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::protocol {

using domain::derive_device_key;
using domain::is_expired;
using domain::kSasClockSkew;
using domain::SasToken;
using domain::signature_fits;

// Longest token that is looked at, the scheme's name included.
inline constexpr std::size_t kMaxSasTokenLength = 1024;

// Errc::unauthorized for anything that is not such a token: unknown or repeated fields, a missing
// sr, sig or se, an `se` that is not decimal digits, a `sig` that is not base64 of 32 bytes.
[[nodiscard]] Result<SasToken> parse_sas_token(std::string_view text);

// `sr` percent-decoded. Errc::unauthorized if an escape is broken.
[[nodiscard]] Result<std::string> decoded_resource(const SasToken& token);

// Whether the token's `sr` covers `host_and_path` ("host/enrollments/x", already decoded, without
// scheme or query): a segment-wise prefix of it, whatever the case.
[[nodiscard]] bool covers(const SasToken& token, std::string_view host_and_path);

// A token whose key is not at hand: a TPM signs text(), and finish() puts the signature in.
class UnsignedSasToken {
 public:
  // As make_sas_token().
  UnsignedSasToken(std::string_view resource, std::int64_t expiry_unix_seconds,
                   std::string_view policy);
  [[nodiscard]] std::string text() const { return resource_ + "\n" + expiry_; }
  [[nodiscard]] std::string finish(ByteView signature) const;

 private:
  std::string resource_;  // encoded
  std::string expiry_;
  std::string policy_;  // encoded
};

// A token for `resource` (not encoded; upper-case escapes are written). An empty `policy` leaves
// `skn` out.
[[nodiscard]] std::string make_sas_token(std::string_view resource, const SecretBytes& key,
                                         std::int64_t expiry_unix_seconds, std::string_view policy,
                                         ports::Crypto& crypto);

}  // namespace berth::protocol
