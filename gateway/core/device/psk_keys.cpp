#include "gateway/core/device/psk_keys.hpp"

#include <utility>
#include <variant>

namespace berth::gateway {
namespace {

constexpr std::size_t kRandomKeySize = 32;

const domain::SymmetricKeyAttestation* keys_in(const domain::Attestation& attestation) {
  return std::get_if<domain::SymmetricKeyAttestation>(&attestation);
}

}  // namespace

Result<SecretBytes> PskKeys::device_key(const domain::PskIdentity& identity) const {
  const auto tenant = cache_.tenant(identity.id_scope.str());
  if (!tenant) return Error{Errc::not_found, "this gateway serves no such ID scope"};
  const auto enrollments = cache_.enrollments(*tenant);
  if (identity.group) {
    const auto group = enrollments->group(*identity.group);
    if (!group) return group.error();
    const auto* keys = *group ? keys_in((*group)->record.attestation) : nullptr;
    if (keys == nullptr) return Error{Errc::not_found, "no such symmetric enrollment group"};
    return domain::device_key_of(identity, *keys, crypto_);
  }
  const auto individual = enrollments->individual(identity.registration_id);
  if (!individual) return individual.error();
  const auto* keys = *individual ? keys_in((*individual)->record.attestation) : nullptr;
  if (keys == nullptr) {
    return Error{Errc::not_found, "no individual enrollment with symmetric keys has that ID"};
  }
  return domain::device_key_of(identity, *keys, crypto_);
}

PskAnswer PskKeys::answer(std::string_view identity) const {
  PskAnswer answer;
  auto parsed = domain::parse_psk_identity(identity);
  auto key = parsed ? device_key(*parsed) : Result<SecretBytes>(parsed.error());
  if (key && key->empty()) key = Error{Errc::not_found, "that key is not held here"};
  if (!key) {
    answer.reason = key.error().reason;
    // Derived like any other, so that it also takes as long.
    answer.key = domain::derive_psk(SecretBytes(entropy_.bytes(kRandomKeySize)), crypto_);
    return answer;
  }
  answer.key = domain::derive_psk(*key, crypto_);
  answer.proof = domain::PskProof{std::move(*parsed), answer.key};
  return answer;
}

}  // namespace berth::gateway
