// Issuing certificates: the coordinator's own CA for gateways and their device endpoint, and the
// certificates that `berth dev` and the tests make. Keys are ECDSA P-256.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/base/timestamp.hpp"

namespace berth::ports {

struct KeyPair {
  SecretBytes private_key;  // DER PKCS#8
  Bytes public_key;         // DER SubjectPublicKeyInfo
};

struct CertificateRequest {
  std::string common_name;  // 1 to 64 characters
  Bytes public_key;         // DER SubjectPublicKeyInfo
  WallTime not_before;
  WallTime not_after;
  bool is_ca = false;
  std::optional<std::uint32_t> path_length;  // only with is_ca
  bool server_auth = false;                  // extended key usage
  bool client_auth = false;
  std::vector<std::string> dns_names;     // subjectAltName
  std::vector<std::string> ip_addresses;  // subjectAltName, text form of IPv4 or IPv6
};

class CertificateAuthority {
 public:
  virtual ~CertificateAuthority() = default;

  [[nodiscard]] virtual Result<KeyPair> generate_p256() = 0;

  // The SubjectPublicKeyInfo that belongs to a DER PKCS#8 P-256 key.
  [[nodiscard]] virtual Result<Bytes> public_key_of(const SecretBytes& private_key) = 0;

  // A DER certificate. Without `issuer` it is self-signed with `issuer_key`. The serial number is
  // 16 random bytes.
  [[nodiscard]] virtual Result<Bytes> issue(const CertificateRequest& request,
                                            const std::optional<Bytes>& issuer_certificate,
                                            const SecretBytes& issuer_key) = 0;

  // PKCS#10 (RFC 2986). make_csr proves possession of the key; read_csr checks that proof and
  // returns the subject's common name and the key.
  [[nodiscard]] virtual Result<Bytes> make_csr(const std::string& common_name,
                                               const SecretBytes& private_key) = 0;
  struct Csr {
    std::string common_name;
    Bytes public_key;
  };
  [[nodiscard]] virtual Result<Csr> read_csr(ByteView der) = 0;
};

}  // namespace berth::ports
