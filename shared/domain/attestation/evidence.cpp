#include "shared/domain/attestation/evidence.hpp"

namespace berth::domain {

namespace {

// Counted and measured before anything is parsed.
Result<std::vector<ports::Certificate>> parse_chain(std::span<const Bytes> der_certificates,
                                                    std::size_t most, std::size_t largest,
                                                    ports::Crypto& crypto) {
  if (der_certificates.size() > most) {
    return Error{Errc::too_large, "the device presented " +
                                      std::to_string(der_certificates.size()) + " certificates; " +
                                      std::to_string(most) + " are allowed"};
  }
  for (const Bytes& der : der_certificates) {
    if (der.size() > largest) {
      return Error{Errc::too_large, "the device presented a certificate of " +
                                        std::to_string(der.size()) + " bytes; " +
                                        std::to_string(largest) + " are allowed"};
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

}  // namespace

Result<std::vector<ports::Certificate>> parse_presented_chain(
    std::span<const Bytes> der_certificates, ports::Crypto& crypto) {
  return parse_chain(der_certificates, kMaxPresentedCertificates, kMaxCertificateSize, crypto);
}

Result<std::vector<ports::Certificate>> parse_tpm_certificates(
    std::span<const Bytes> der_certificates, ports::Crypto& crypto) {
  return parse_chain(der_certificates, kMaxTpmCertificates, kMaxTpmCertificateSize, crypto);
}

}  // namespace berth::domain
