// Certificates made for a test: chains of ECDSA P-256 certificates with chosen names and dates.
// Everything is built on the CertificateAuthority port; a builder that cannot do what it was asked
// to ends the program, since no test can go on without it. A suite that uses it lists test_pki.cpp
// among its sources and berth_shared_crypto_openssl among its uses.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/ports/certificate_authority.hpp"
#include "shared/ports/tls_engine.hpp"

namespace berth::testing {

// The validity of what a test did not give dates to: 2020-01-01 to 2050-01-01.
inline constexpr WallTime kPkiNotBefore{std::chrono::seconds{1577836800}};
inline constexpr WallTime kPkiNotAfter{std::chrono::seconds{2524608000}};

// What to make; the defaults are a leaf for a TLS client or server.
struct PkiRequest {
  std::string common_name;
  WallTime not_before = kPkiNotBefore;
  WallTime not_after = kPkiNotAfter;
  std::optional<std::uint32_t> path_length = std::nullopt;  // CAs only
  std::vector<std::string> dns_names = {};
  std::vector<std::string> ip_addresses = {};
};

// A certificate, its key, and the certificates above it.
struct PkiNode {
  Bytes certificate;         // DER
  SecretBytes private_key;   // DER PKCS#8
  std::vector<Bytes> above;  // DER, issuer first, root last

  // Leaf first; the root is left out, unless the node is the root or `with_root` says so.
  [[nodiscard]] std::vector<Bytes> chain(bool with_root = false) const;
  [[nodiscard]] ports::TlsIdentity identity(bool with_root = false) const;
};

[[nodiscard]] PkiNode make_root(const PkiRequest& request);
[[nodiscard]] PkiNode make_intermediate(const PkiNode& issuer, const PkiRequest& request);
[[nodiscard]] PkiNode make_leaf(const PkiNode& issuer, const PkiRequest& request);
// A leaf that is its own issuer, as individual enrollments often hold.
[[nodiscard]] PkiNode make_self_signed(const PkiRequest& request);

}  // namespace berth::testing
