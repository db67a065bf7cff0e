#include "shared/domain/attestation/symmetric_key.hpp"

#include <string>

#include "shared/base/encoding.hpp"

namespace berth::domain {
namespace {

// The only policy that a device's token may name (device API 1.7); Java leaves it empty, Python
// out.
constexpr std::string_view kDevicePolicy = "registration";

}  // namespace

bool signature_fits(const SasToken& token, const SecretBytes& key, ports::Crypto& crypto) {
  if (key.empty()) return false;
  Bytes text = to_bytes(token.resource);
  text.push_back('\n');
  append(text, as_bytes(token.expiry_text));
  const ports::Sha256Digest expected = crypto.hmac_sha256(key.reveal(), text);
  return constant_time_equal(expected, token.signature);
}

bool is_expired(const SasToken& token, WallTime now, std::chrono::seconds skew) {
  return unix_seconds(now) - skew.count() > token.expiry;
}

SecretBytes derive_device_key(const SecretBytes& group_key, std::string_view registration_id,
                              ports::Crypto& crypto) {
  ports::Sha256Digest key = crypto.hmac_sha256(group_key.reveal(), as_bytes(registration_id));
  SecretBytes derived = SecretBytes::copy_of(key);
  wipe(key);
  return derived;
}

SymmetricKeyAttestation derive_device_keys(const SymmetricKeyAttestation& group,
                                           std::string_view registration_id,
                                           ports::Crypto& crypto) {
  SymmetricKeyAttestation device;
  device.primary_id = group.primary_id;
  device.secondary_id = group.secondary_id;
  if (!group.primary.empty()) {
    device.primary = derive_device_key(group.primary, registration_id, crypto);
  }
  if (!group.secondary.empty()) {
    device.secondary = derive_device_key(group.secondary, registration_id, crypto);
  }
  return device;
}

bool either_key_fits(const SasToken& token, const SymmetricKeyAttestation& keys,
                     ports::Crypto& crypto) {
  const bool primary_fits = signature_fits(token, keys.primary, crypto);
  const bool secondary_fits = signature_fits(token, keys.secondary, crypto);
  return primary_fits || secondary_fits;
}

Result<void> check_device_token(const SasToken& token, const IdScope& id_scope,
                                const RegistrationId& registration_id, WallTime now) {
  if (!token.key_name.empty() && token.key_name != kDevicePolicy) {
    return Error{Errc::unauthorized, "the SAS token names a policy that is not a device's"};
  }
  const auto resource = percent_decode(token.resource);
  if (!resource) return Error{Errc::unauthorized, "the SAS token's sr has a broken escape"};
  const std::string expected = id_scope.str() + "/registrations/" + registration_id.str();
  if (!equals_ignoring_case(*resource, expected)) {
    return Error{Errc::unauthorized, "the SAS token is for another resource than " + expected};
  }
  if (is_expired(token, now)) {
    return Error{Errc::unauthorized,
                 "SAS token expired at " + to_iso8601_seconds(from_unix_seconds(token.expiry))};
  }
  return {};
}

}  // namespace berth::domain
