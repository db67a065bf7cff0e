// Certificates and keys as PEM files, which is how people give them to every program of ours.
// Errors name the file and say what to do.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/ports/tls_engine.hpp"

namespace berth::crypto {

// Where Debian keeps the CAs that the machine's owner trusts.
inline constexpr const char* kMachineTrustFile = "/etc/ssl/certs/ca-certificates.crt";

// Every certificate of the file, in its order; at least one.
[[nodiscard]] Result<std::vector<Bytes>> read_certificate_file(const std::string& path);
// DER PKCS#8.
[[nodiscard]] Result<SecretBytes> read_private_key_file(const std::string& path);
// A certificate with its chain, leaf first, and its key.
[[nodiscard]] Result<ports::TlsIdentity> read_identity_files(const std::string& certificate_path,
                                                             const std::string& key_path);
// kMachineTrustFile; none if there is no such file.
[[nodiscard]] std::vector<Bytes> read_machine_trust();

}  // namespace berth::crypto
