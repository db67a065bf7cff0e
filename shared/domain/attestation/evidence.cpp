#include "shared/domain/attestation/evidence.hpp"

namespace berth::domain {

Result<std::vector<ports::Certificate>> parse_presented_chain(
    std::span<const Bytes> der_certificates, ports::Crypto& crypto) {
  // Counted and measured before anything is parsed.
  if (der_certificates.size() > kMaxPresentedCertificates) {
    return Error{Errc::too_large, "the device presented " +
                                      std::to_string(der_certificates.size()) + " certificates; " +
                                      std::to_string(kMaxPresentedCertificates) + " are allowed"};
  }
  for (const Bytes& der : der_certificates) {
    if (der.size() > kMaxCertificateSize) {
      return Error{Errc::too_large, "the device presented a certificate of " +
                                        std::to_string(der.size()) + " bytes; " +
                                        std::to_string(kMaxCertificateSize) + " are allowed"};
    }
  }
  std::vector<ports::Certificate> chain;
  chain.reserve(der_certificates.size());
  for (const Bytes& der : der_certificates) {
    auto certificate = crypto.parse_certificate(der);
    if (!certificate) {
      return Error{Errc::certificate_refused,
                   "certificate " + std::to_string(chain.size() + 1) +
                       " of those presented does not parse: " + certificate.error().reason};
    }
    chain.push_back(std::move(*certificate));
  }
  return chain;
}

}  // namespace berth::domain
