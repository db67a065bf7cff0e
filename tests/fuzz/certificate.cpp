// A device's certificate, in every reader that looks at its bytes.
#include "shared/crypto/asn1/certificate_reader.hpp"
#include "shared/crypto/asn1/distinguished_name.hpp"
#include "shared/crypto/asn1/ecdsa_signature.hpp"
#include "shared/crypto/asn1/host_name.hpp"
#include "shared/crypto/asn1/p256_private_key.hpp"
#include "tests/fuzz/input.hpp"

using namespace berth;
using namespace berth::crypto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView der(data, size);
  const auto certificate = asn1::read_certificate(der);
  if (certificate) {
    // What was read as a whole can be read in its parts.
    fuzz::require(size <= asn1::kMaxCertificate);
    (void)asn1::read_signed_parts(der);
    (void)asn1::certificate_names_host(der, "device.example");
    (void)asn1::certificate_names_host(der, "192.0.2.7");
  }
  (void)asn1::read_public_key(der);
  (void)asn1::read_name(der);
  (void)asn1::p256_private_key(der);
  constexpr std::size_t kP256 = 32;
  if (const auto raw = asn1::ecdsa_signature_from_der(der, kP256)) {
    fuzz::require(raw->size() == 2 * kP256);
    fuzz::require(asn1::ecdsa_signature_from_der(asn1::ecdsa_signature_to_der(*raw), kP256) == raw);
  }
  return 0;
}
