// PEM (RFC 7468): the text form of certificates and keys, as files and the service API carry them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"

namespace berth::crypto {

// Room for a machine's CA bundle (Debian's holds some 150 certificates in 220 KB).
inline constexpr std::size_t kMaxPemText = 1024 * 1024;
inline constexpr std::size_t kMaxPemCertificates = 512;

// Every CERTIFICATE block, in the order of the text; text outside of blocks is explanatory (RFC
// 7468 section 2) and blocks of other labels are passed over. Nothing if there is no certificate,
// or if a block is damaged. The DER itself is not looked into.
[[nodiscard]] std::optional<std::vector<Bytes>> read_pem_certificates(std::string_view text);

// One block, lines of 64 characters. `label` is "CERTIFICATE", "PRIVATE KEY" and the like.
[[nodiscard]] std::string write_pem(std::string_view label, ByteView der);

// The first private key, as DER PKCS#8. Takes "PRIVATE KEY" and the older "EC PRIVATE KEY" and "RSA
// PRIVATE KEY". An encrypted key is Errc::unsupported, no key or a damaged one Errc::malformed.
[[nodiscard]] Result<SecretBytes> read_pem_private_key(std::string_view text);

}  // namespace berth::crypto
