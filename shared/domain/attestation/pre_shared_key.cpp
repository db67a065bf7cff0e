#include "shared/domain/attestation/pre_shared_key.hpp"

#include <array>

#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"

namespace berth::domain {
namespace {

constexpr std::string_view kLabel = "berth-psk/1";
constexpr std::string_view kPrimary = "p";
constexpr std::string_view kSecondary = "s";
constexpr std::size_t kMostParts = 4;

Error malformed(const std::string& what) {
  return Error{Errc::malformed, "the PSK identity " + what};
}

}  // namespace

Result<PskIdentity> parse_psk_identity(std::string_view text) {
  if (text.size() > kMaxPskIdentity) {
    return Error{Errc::too_large, "the PSK identity has " + std::to_string(text.size()) +
                                      " bytes; " + std::to_string(kMaxPskIdentity) +
                                      " are allowed"};
  }
  // No ID holds a slash, so the parts are unambiguous.
  std::array<std::string_view, kMostParts> parts;
  std::size_t count = 0;
  for (std::string_view rest = text;; ++count) {
    if (count == kMostParts) return malformed("has more than four parts");
    const std::size_t slash = rest.find('/');
    parts[count] = rest.substr(0, slash);
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  ++count;
  if (count < kMostParts - 1) return malformed("has fewer than three parts");

  auto id_scope = parse_id_scope(parts[0]);
  if (!id_scope) return malformed("does not start with an ID scope");
  auto registration_id = RegistrationId::parse(parts[1]);
  if (!registration_id) return malformed("names no registration ID");
  PskIdentity identity;
  identity.id_scope = std::move(*id_scope);
  identity.registration_id = std::move(*registration_id);
  if (parts[2] != kPrimary && parts[2] != kSecondary) return malformed("names neither p nor s");
  identity.slot = parts[2] == kPrimary ? KeySlot::primary : KeySlot::secondary;
  if (count == kMostParts) {
    auto group = EnrollmentGroupId::parse(parts[3]);
    if (!group) return malformed("names no enrollment group ID");
    identity.group = std::move(*group);
  }
  return identity;
}

std::string to_text(const PskIdentity& identity) {
  std::string text = identity.id_scope.str() + "/" + identity.registration_id.str() + "/";
  text += identity.slot == KeySlot::primary ? kPrimary : kSecondary;
  if (identity.group) text += "/" + identity.group->str();
  return text;
}

SecretBytes derive_psk(const SecretBytes& device_key, ports::Crypto& crypto) {
  ports::Sha256Digest key = crypto.hmac_sha256(device_key.reveal(), as_bytes(kLabel));
  SecretBytes derived = SecretBytes::copy_of(key);
  wipe(key);
  return derived;
}

SecretBytes device_key_of(const PskIdentity& identity, const SymmetricKeyAttestation& keys,
                          ports::Crypto& crypto) {
  const SecretBytes& key = identity.slot == KeySlot::primary ? keys.primary : keys.secondary;
  if (!identity.group || key.empty()) return key;
  return derive_device_key(key, identity.registration_id.str(), crypto);
}

bool psk_fits(const PskProof& proof, const SecretBytes& device_key, ports::Crypto& crypto) {
  if (device_key.empty()) return false;
  return proof.key == derive_psk(device_key, crypto);
}

Result<void> check_psk_identity(const PskIdentity& identity, const IdScope& id_scope,
                                const RegistrationId& registration_id) {
  if (!equals_ignoring_case(identity.id_scope.str(), id_scope.str()) ||
      identity.registration_id != registration_id) {
    return Error{Errc::unauthorized, "the PSK identity is of another device than " +
                                         id_scope.str() + "/" + registration_id.str()};
  }
  return {};
}

}  // namespace berth::domain
