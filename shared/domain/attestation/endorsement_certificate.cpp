#include "shared/domain/attestation/endorsement_certificate.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "shared/domain/attestation/endorsement_key.hpp"
#include "shared/domain/attestation/tpm_storage_key.hpp"

namespace berth::domain {
namespace {

using namespace std::string_view_literals;

// As encoded: 2.23.133.2.1 to .3 and 2.23.133.8.1.
constexpr auto kTpmManufacturer = "\x67\x81\x05\x02\x01"sv;
constexpr auto kTpmModel = "\x67\x81\x05\x02\x02"sv;
constexpr auto kTpmVersion = "\x67\x81\x05\x02\x03"sv;
constexpr auto kEndorsementKeyPurpose = "\x67\x81\x05\x08\x01"sv;

// Longest value that is shown to an admin.
constexpr std::size_t kMaxShown = 64;

Error refused(std::string_view what) {
  return Error{Errc::certificate_refused, "the endorsement key's certificate " + std::string(what)};
}

// X.690 section 8.1.3; a key of 2048 bits needs two bytes at most.
void append_length(Bytes& to, std::size_t length) {
  if (length > 0xFF) {
    to.push_back(0x82);
    to.push_back(static_cast<std::uint8_t>(length >> 8U));
  } else if (length > 0x7F) {
    to.push_back(0x81);
  }
  to.push_back(static_cast<std::uint8_t>(length & 0xFFU));
}

// How a SubjectPublicKeyInfo ends that holds this key: with RSAPublicKey (RFC 8017 A.1.1). The
// modulus has its highest bit set, so that its INTEGER has a zero byte in front.
Bytes rsa_public_key(const ports::RsaPublicKey& key) {
  constexpr std::uint8_t kSequence = 0x30;
  constexpr std::uint8_t kInteger = 0x02;
  Bytes numbers{kInteger};
  append_length(numbers, key.modulus.size() + 1);
  numbers.push_back(0);
  append(numbers, key.modulus);
  Bytes exponent{static_cast<std::uint8_t>(key.exponent >> 16U & 0xFFU),
                 static_cast<std::uint8_t>(key.exponent >> 8U & 0xFFU),
                 static_cast<std::uint8_t>(key.exponent & 0xFFU)};
  numbers.push_back(kInteger);
  append_length(numbers, exponent.size());
  append(numbers, exponent);
  Bytes der{kSequence};
  append_length(der, numbers.size());
  append(der, numbers);
  return der;
}

bool holds(const ports::Certificate& certificate, const ports::RsaPublicKey& key) {
  const Bytes ending = rsa_public_key(key);
  const Bytes& info = certificate.public_key;
  return info.size() > ending.size() && std::equal(ending.rbegin(), ending.rend(), info.rbegin());
}

bool is_for_endorsement(const ports::Certificate& certificate) {
  return std::ranges::any_of(certificate.extended_key_usages, [](const Bytes& purpose) {
    return as_text(purpose) == kEndorsementKeyPurpose;
  });
}

std::string attribute(const ports::Certificate& certificate, std::string_view type) {
  for (const ports::NameAttribute& one : certificate.alternative_name_attributes) {
    if (as_text(one.type) == type) return one.value;
  }
  return {};
}

bool is_id(std::string_view text, std::size_t least, std::size_t most) {
  constexpr auto kPrefix = "id:"sv;
  if (!text.starts_with(kPrefix)) return false;
  text.remove_prefix(kPrefix.size());
  return text.size() >= least && text.size() <= most &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= kMaxShown &&
         std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

}  // namespace

Result<TpmModel> check_endorsement_certificate(const ports::Certificate& certificate,
                                               ByteView endorsement_key) {
  const auto key = check_tpm_storage_key(endorsement_key, "endorsement key");
  if (!key) return key.error();
  if (!holds(certificate, *key)) return refused("is of another key: it belongs to another chip");
  // The certificate says no more of the key than modulus and exponent, and the chip answers
  // whatever else is said of it. Chips are known by the hash of the whole, so one chip has one
  // spelling.
  if (!std::ranges::equal(endorsement_key, endorsement_key_by_template(key->modulus))) {
    return refused(
        "is of a key by the TCG's template L-1, and the device shows that key with "
        "other attributes, another policy or another exponent");
  }
  if (certificate.version != 3) return refused("is not of version 3");
  if (certificate.is_ca) return refused("is one of a CA");
  if (!certificate.has_key_usage || !certificate.may_encipher_keys) {
    return refused("is not for a key that unwraps others (key usage lacks keyEncipherment)");
  }
  if (!is_for_endorsement(certificate)) {
    return refused(
        "is not for an endorsement key (extended key usage lacks tcg-kp-EKCertificate, "
        "2.23.133.8.1)");
  }
  TpmModel model{attribute(certificate, kTpmManufacturer), attribute(certificate, kTpmModel),
                 attribute(certificate, kTpmVersion)};
  // Profile 3.1.2: all three, and the vendor ID has four bytes.
  if (!is_id(model.manufacturer, 8, 8)) {
    return refused("names no TPM manufacturer (2.23.133.2.1) in its subject alternative name");
  }
  if (!is_plain(model.model)) {
    return refused("names no TPM model (2.23.133.2.2) in its subject alternative name");
  }
  if (!is_id(model.version, 1, 16)) {
    return refused("names no TPM version (2.23.133.2.3) in its subject alternative name");
  }
  return model;
}

}  // namespace berth::domain
