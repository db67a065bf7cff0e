// What a TPM's maker writes into the certificate of its endorsement key, for a made-up certificate
// (fake_crypto.hpp). A test then breaks one part of it.
#pragma once

#include <string_view>

#include "shared/base/bytes.hpp"
#include "shared/domain/attestation/tpm_storage_key.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::testing {

using namespace std::string_view_literals;

// As encoded (TCG EK Credential Profile, annex A).
inline constexpr auto kTpmManufacturerOid = "\x67\x81\x05\x02\x01"sv;
inline constexpr auto kTpmModelOid = "\x67\x81\x05\x02\x02"sv;
inline constexpr auto kTpmVersionOid = "\x67\x81\x05\x02\x03"sv;
inline constexpr auto kEkCertificateOid = "\x67\x81\x05\x08\x01"sv;

// SubjectPublicKeyInfo of an RSA key of 2048 bits with exponent 65537, as openssl writes it.
inline Bytes rsa_2048_info(ByteView modulus) {
  Bytes info{0x30, 0x82, 0x01, 0x22, 0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48,
             0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0x01,
             0x0F, 0x00, 0x30, 0x82, 0x01, 0x0A, 0x02, 0x82, 0x01, 0x01, 0x00};
  append(info, modulus);
  append(info, Bytes{0x02, 0x03, 0x01, 0x00, 0x01});
  return info;
}

inline void endorse(ports::Certificate& certificate, ByteView endorsement_key) {
  certificate.public_key =
      rsa_2048_info(domain::check_tpm_storage_key(endorsement_key, "key")->modulus);
  certificate.has_key_usage = true;
  certificate.may_encipher_keys = true;
  certificate.extended_key_usages = {to_bytes(kEkCertificateOid)};
  certificate.alternative_name_attributes = {{to_bytes(kTpmManufacturerOid), "id:49465800"},
                                             {to_bytes(kTpmModelOid), "SLB9670"},
                                             {to_bytes(kTpmVersionOid), "id:0007003F"}};
}

}  // namespace berth::testing
