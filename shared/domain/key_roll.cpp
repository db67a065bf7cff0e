#include "shared/domain/key_roll.hpp"

#include <utility>

#include "shared/base/encoding.hpp"

namespace berth::domain {
namespace {

// "p3-5f1a…": the slot and the version that it came with, and when the record was created, so that
// a record that was deleted and made again never gives a name that it gave before.
std::string new_name(char slot, std::uint64_t version, WallTime created) {
  return slot + std::to_string(version) + "-" + std::to_string(unix_micros(created));
}

// The name that a key had, whichever slot it stood in. Its own slot goes first: both may hold one
// key.
std::string name_before(const SecretBytes& key, CredentialSlot slot,
                        const SymmetricKeyAttestation* before) {
  if (before == nullptr || key.empty()) return {};
  const bool was_primary = key == before->primary;
  const bool was_secondary = key == before->secondary;
  if (slot == CredentialSlot::primary) {
    return was_primary ? before->primary_id : was_secondary ? before->secondary_id : std::string();
  }
  return was_secondary ? before->secondary_id : was_primary ? before->primary_id : std::string();
}

// What stands in a slot of certificates, in one form for both kinds.
std::string& name_in(CredentialSlot slot, X509Attestation& x509) {
  return slot == CredentialSlot::primary ? x509.primary_ca_name : x509.secondary_ca_name;
}
Bytes& certificate_in(CredentialSlot slot, X509Attestation& x509) {
  return slot == CredentialSlot::primary ? x509.primary : x509.secondary;
}
SecretBytes& key_in(CredentialSlot slot, SymmetricKeyAttestation& keys) {
  return slot == CredentialSlot::primary ? keys.primary : keys.secondary;
}

Error already_there(const char* what) {
  return Error{Errc::invalid, std::string("the enrollment has this ") + what + " already"};
}

std::string devices(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " device" : " devices");
}

}  // namespace

std::string_view name_of(CredentialSlot slot) {
  switch (slot) {
    case CredentialSlot::primary: return "primary";
    case CredentialSlot::secondary: return "secondary";
  }
  return {};
}

CredentialSlot other(CredentialSlot slot) {
  return slot == CredentialSlot::primary ? CredentialSlot::secondary : CredentialSlot::primary;
}

void keep_key_names(const Attestation& before, Attestation& after) {
  auto* keys = std::get_if<SymmetricKeyAttestation>(&after);
  if (keys == nullptr) return;
  const auto* old = std::get_if<SymmetricKeyAttestation>(&before);
  keys->primary_id = name_before(keys->primary, CredentialSlot::primary, old);
  keys->secondary_id = name_before(keys->secondary, CredentialSlot::secondary, old);
}

void name_keys(std::uint64_t version, WallTime created, Attestation& attestation) {
  auto* keys = std::get_if<SymmetricKeyAttestation>(&attestation);
  if (keys == nullptr) return;
  if (keys->primary_id.empty() && !keys->primary.empty()) {
    keys->primary_id = new_name('p', version, created);
  }
  if (keys->secondary_id.empty() && !keys->secondary.empty()) {
    keys->secondary_id = new_name('s', version, created);
  }
}

CredentialIds key_ids(const SymmetricKeyAttestation& keys) {
  return {keys.primary_id, keys.secondary_id};
}

bool is_under_way(const KeyRoll& roll, const CredentialIds& ids) {
  if (roll.next.empty() || ids.primary.empty() || ids.secondary.empty()) return false;
  return (roll.next == ids.primary) != (roll.next == ids.secondary);
}

CredentialSlot new_slot(const KeyRoll& roll, const CredentialIds& ids) {
  return roll.next == ids.primary ? CredentialSlot::primary : CredentialSlot::secondary;
}

CredentialSlot slot_for_devices(const KeyRoll& roll, const CredentialIds& ids) {
  if (is_under_way(roll, ids)) return new_slot(roll, ids);
  const bool is_secondary = !roll.current.empty() && roll.current == ids.secondary;
  return is_secondary ? CredentialSlot::secondary : CredentialSlot::primary;
}

Result<CredentialSlot> choose_slot(const CredentialIds& ids, const CredentialUse& use,
                                   std::optional<CredentialSlot> wanted, bool force) {
  if (!wanted) {
    if (ids.secondary.empty()) return CredentialSlot::secondary;
    if (ids.primary.empty()) return CredentialSlot::primary;
    if (use.primary != 0 && use.secondary != 0) {
      return Error{Errc::conflict, devices(use.primary) + " use what is in the primary slot and " +
                                       std::to_string(use.secondary) +
                                       " what is in the secondary; move one of them first, or "
                                       "name the slot and force it"};
    }
    wanted = use.secondary == 0 ? CredentialSlot::secondary : CredentialSlot::primary;
  }
  if (ids.at(*wanted).empty()) return *wanted;
  if (auto unused = check_unused(*wanted, use, force); !unused) return unused.error();
  return *wanted;
}

Result<void> check_unused(CredentialSlot slot, const CredentialUse& use, bool force) {
  if (force) return {};
  const std::string where = "what is in the " + std::string(name_of(slot)) + " slot";
  if (use.at(slot) != 0) {
    return Error{Errc::conflict,
                 devices(use.at(slot)) + " last registered with " + where +
                     " and would be refused; let them have the other first, or force it"};
  }
  if (use.unknown != 0) {
    return Error{Errc::conflict, devices(use.unknown) +
                                     " registered before it was kept with what, and may use " +
                                     where + "; let them register again first, or force it"};
  }
  return {};
}

Result<void> place(NewCredential credential, CredentialSlot slot, Attestation& attestation) {
  if (auto* keys = std::get_if<SymmetricKeyAttestation>(&attestation)) {
    auto* key = std::get_if<SecretBytes>(&credential);
    if (key == nullptr) {
      return Error{Errc::invalid, "the enrollment attests by symmetric keys, not by certificates"};
    }
    if (*key == keys->primary || *key == keys->secondary) return already_there("key");
    key_in(slot, *keys) = std::move(*key);
    return {};
  }
  auto* x509 = std::get_if<X509Attestation>(&attestation);
  if (x509 == nullptr) {
    return Error{Errc::invalid, "a TPM has no key that could be rolled here"};
  }
  if (x509->kind == X509Attestation::Kind::ca_references) {
    auto* reference = std::get_if<CaReference>(&credential);
    if (reference == nullptr) {
      return Error{Errc::invalid,
                   "the enrollment names uploaded CA certificates: name the new one"};
    }
    if (equals_ignoring_case(reference->name, x509->primary_ca_name) ||
        equals_ignoring_case(reference->name, x509->secondary_ca_name)) {
      return already_there("CA certificate");
    }
    name_in(slot, *x509) = std::move(reference->name);
    return {};
  }
  auto* certificate = std::get_if<Bytes>(&credential);
  if (certificate == nullptr) {
    return Error{Errc::invalid, "the enrollment attests by certificates: give the new one"};
  }
  if (*certificate == x509->primary || *certificate == x509->secondary) {
    return already_there("certificate");
  }
  certificate_in(slot, *x509) = std::move(*certificate);
  return {};
}

void vacate(CredentialSlot slot, SecretBytes fresh, Attestation& attestation) {
  if (auto* keys = std::get_if<SymmetricKeyAttestation>(&attestation)) {
    key_in(slot, *keys) = std::move(fresh);
    return;
  }
  auto* x509 = std::get_if<X509Attestation>(&attestation);
  if (x509 == nullptr) return;
  if (slot == CredentialSlot::primary) {
    x509->primary = std::move(x509->secondary);
    x509->primary_ca_name = std::move(x509->secondary_ca_name);
  }
  x509->secondary.clear();
  x509->secondary_ca_name.clear();
}

}  // namespace berth::domain
