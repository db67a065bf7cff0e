// Certificates that our own CA does not make but devices have: RSA, P-384, P-521, PSS, SHA-1, odd
// extensions. Made with libcrypto; a failure ends the program.
#pragma once

#include <cstdint>

#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"

namespace berth::testing {

enum class ForeignKey : std::uint8_t { rsa2048, rsa1024, p256, p384, p521 };
enum class ForeignHash : std::uint8_t { sha1, sha256, sha384, sha512 };
enum class ForeignPadding : std::uint8_t { pkcs1, pss };

struct ForeignNode {
  Bytes certificate;
  SecretBytes private_key;  // PKCS#8
};

// A CA of its own, self-signed.
[[nodiscard]] ForeignNode make_foreign_ca(ForeignKey key);

struct ForeignLeaf {
  ForeignHash hash = ForeignHash::sha256;
  ForeignPadding padding = ForeignPadding::pkcs1;  // of an RSA issuer
  bool unknown_critical_extension = false;
};
[[nodiscard]] ForeignNode make_foreign_leaf(const ForeignNode& issuer, ForeignKey key,
                                            const ForeignLeaf& leaf);

// A P-256 key pair whose halves do not belong together: a library that compares public keys only
// takes it for the key of `certificate`, and then signs with another.
[[nodiscard]] SecretBytes make_mismatched_key(ByteView certificate);

}  // namespace berth::testing
