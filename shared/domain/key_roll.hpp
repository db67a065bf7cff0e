// Rolling the key or certificate of an enrollment without a device being refused: the new one goes
// into a slot that no device needs, both attest while devices are given the new one, and the old
// one goes when no device shows it any more. Whose credential is which is told by IDs: a
// certificate's is its thumbprint; a key's is a name that says nothing of the key. Who uses what is
// counted by registrations (Registration::credential_id).
//
// A key never changes its slot: over CoAPS devices name the slot that their key is in
// (attestation/pre_shared_key). A certificate is known by itself and ends as the primary one, which
// some clients demand (service API 2.4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/enrollment.hpp"

namespace berth::domain {

enum class CredentialSlot : std::uint8_t { primary, secondary };

[[nodiscard]] std::string_view name_of(CredentialSlot slot);
[[nodiscard]] CredentialSlot other(CredentialSlot slot);

// What stands in the two slots; empty: nothing, or a key without a name.
struct CredentialIds {
  std::string primary;
  std::string secondary;
  [[nodiscard]] const std::string& at(CredentialSlot slot) const {
    return slot == CredentialSlot::primary ? primary : secondary;
  }
};

// How many of an enrollment's registered devices proved themselves by what, the last time.
struct CredentialUse {
  std::uint64_t registrations = 0;
  std::uint64_t primary = 0;
  std::uint64_t secondary = 0;
  std::uint64_t unknown = 0;  // registered before that was kept
  [[nodiscard]] std::uint64_t at(CredentialSlot slot) const {
    return slot == CredentialSlot::primary ? primary : secondary;
  }
  // By what is in neither slot any more: refused when they come again.
  [[nodiscard]] std::uint64_t gone() const {
    const std::uint64_t counted = primary + secondary + unknown;
    return registrations > counted ? registrations - counted : 0;
  }
};

// Of a record that is about to replace another: a symmetric key that stood there before keeps its
// name, in whichever slot; any other has none.
void keep_key_names(const Attestation& before, Attestation& after);
// Gives symmetric keys without a name one of the version that they come with.
void name_keys(std::uint64_t version, WallTime created, Attestation& attestation);

// The IDs of a symmetric enrollment; those of certificates are their thumbprints.
[[nodiscard]] CredentialIds key_ids(const SymmetricKeyAttestation& keys);

// A roll is under way: what devices are to have is in one slot, and something else in the other.
[[nodiscard]] bool is_under_way(const KeyRoll& roll, const CredentialIds& ids);
// Where the new one is; of a roll that is under way.
[[nodiscard]] CredentialSlot new_slot(const KeyRoll& roll, const CredentialIds& ids);
// Which slot's key or certificate devices that are set up now are to have.
[[nodiscard]] CredentialSlot slot_for_devices(const KeyRoll& roll, const CredentialIds& ids);

// Where a new one goes: into `wanted`, else into an empty slot, else into one that no device uses.
// Errc::conflict where a device would be refused by that, or might be; `force` lets it.
[[nodiscard]] Result<CredentialSlot> choose_slot(const CredentialIds& ids, const CredentialUse& use,
                                                 std::optional<CredentialSlot> wanted, bool force);

// Errc::conflict while devices use what is in `slot`, or might; `force` lets them down.
[[nodiscard]] Result<void> check_unused(CredentialSlot slot, const CredentialUse& use, bool force);

struct CaReference {
  std::string name;
};
using NewCredential = std::variant<SecretBytes, Bytes, CaReference>;  // a key, a DER certificate

// Puts the new one into the slot. Errc::invalid where the enrollment attests by another kind of
// thing, or holds the same already.
[[nodiscard]] Result<void> place(NewCredential credential, CredentialSlot slot,
                                 Attestation& attestation);

// Removes what is in the slot: a key makes room for `fresh`, which nobody knows, as DPS always has
// two; a certificate for nothing, and the one that stays is then the primary.
void vacate(CredentialSlot slot, SecretBytes fresh, Attestation& attestation);

}  // namespace berth::domain
