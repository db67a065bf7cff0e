#include "shared/domain/attestation/tpm_storage_key.hpp"

#include <string>

#include "shared/domain/attestation/tpm_algorithm.hpp"
#include "shared/domain/attestation/tpm_wire.hpp"

namespace berth::domain {
namespace {

constexpr std::size_t kPolicySize = 32;
constexpr std::size_t kModulusSize = 256;
constexpr std::uint16_t kSymmetricBits = 128;
constexpr std::uint16_t kRsaBits = 2048;
constexpr std::uint32_t kExponent = 65537;

// What makes a key one that only its own TPM can use, and only for unwrapping: with less, whoever
// made it might read what is wrapped for it.
constexpr std::uint32_t kNeeded = tpm::kFixedTpm | tpm::kFixedParent | tpm::kSensitiveDataOrigin |
                                  tpm::kRestricted | tpm::kDecrypt;

class StorageKeyParser {
 public:
  explicit StorageKeyParser(std::string_view what) : what_(what) {}

  // In the order of TPMT_PUBLIC and TPMS_RSA_PARMS (Part 2, 12.2.4 and 12.2.3.5).
  Result<ports::RsaPublicKey> parse(ByteView area) {
    TpmReader in(area);
    const auto type = in.u16();
    const auto name_algorithm = in.u16();
    const auto attributes = in.u32();
    const auto policy = in.sized(kMaxTpmPublicSize);
    if (!policy) return malformed("ends too early");
    if (*type == tpm::kEcc) return unsupported("is an ECC key; RSA of 2048 bits is offered");
    if (*type != tpm::kRsa) return unsupported("is not an RSA key");
    if (*name_algorithm != tpm::kSha256) return unsupported("is not named by SHA-256");
    if ((*attributes & kNeeded) != kNeeded || (*attributes & tpm::kSign) != 0) {
      return malformed("is not a storage key that never leaves its TPM");
    }
    if (!policy->empty() && policy->size() != kPolicySize) {
      return malformed("has a policy of a wrong size");
    }
    return parse_rsa(in);
  }

 private:
  Result<ports::RsaPublicKey> parse_rsa(TpmReader& in) {
    const auto symmetric = in.u16();
    if (!symmetric) return malformed("ends too early");
    if (*symmetric != tpm::kAes) return unsupported("does not protect with AES");
    const auto symmetric_bits = in.u16();
    const auto mode = in.u16();
    const auto scheme = in.u16();
    if (!scheme) return malformed("ends too early");
    if (*symmetric_bits != kSymmetricBits || *mode != tpm::kCfb) {
      return unsupported("does not protect with AES-128-CFB");
    }
    if (*scheme != tpm::kNull) return malformed("has a scheme, as no storage key has");
    const auto bits = in.u16();
    const auto exponent = in.u32();
    const auto modulus = in.sized(kMaxTpmPublicSize);
    if (!modulus || !in.at_end()) return malformed("does not end where it should");
    if (*bits != kRsaBits) return unsupported("is not of 2048 bits");
    // 0 stands for the default (Part 2, 12.2.3.5).
    if (*exponent != 0 && *exponent != kExponent) return unsupported("has an unusual exponent");
    const bool is_modulus = modulus->size() == kModulusSize && (modulus->front() & 0x80U) != 0 &&
                            (modulus->back() & 1U) != 0;
    if (!is_modulus) return malformed("has no modulus of 2048 bits");
    return ports::RsaPublicKey{to_bytes(*modulus), kExponent};
  }

  [[nodiscard]] Error malformed(const char* why) const {
    return Error{Errc::malformed, "the TPM's " + std::string(what_) + " " + why};
  }
  [[nodiscard]] Error unsupported(const char* why) const {
    return Error{Errc::unsupported, "the TPM's " + std::string(what_) + " " + why};
  }

  std::string_view what_;
};

}  // namespace

Result<ports::RsaPublicKey> check_tpm_storage_key(ByteView tpm2b_public, std::string_view what) {
  TpmReader in(tpm2b_public);
  const auto area = in.sized(kMaxTpmPublicSize - 2);
  if (!area || !in.at_end()) {
    return Error{Errc::malformed, "the TPM's " + std::string(what) + " is no TPM2B_PUBLIC"};
  }
  return StorageKeyParser(what).parse(*area);
}

Result<TpmStorageKey> parse_tpm_storage_key(ByteView tpm2b_public, std::string_view what,
                                            ports::Crypto& crypto) {
  auto rsa = check_tpm_storage_key(tpm2b_public, what);
  if (!rsa) return rsa.error();
  return TpmStorageKey{tpm_name_of(tpm2b_public.subspan(2), crypto), std::move(*rsa)};
}

Bytes tpm_name_of(ByteView public_area, ports::Crypto& crypto) {
  Bytes name;
  append_u16(name, tpm::kSha256);
  append(name, crypto.sha256(public_area));
  return name;
}

}  // namespace berth::domain
