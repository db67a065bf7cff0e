// Attestation by pre-shared key, for devices too small for certificates and tokens: the DTLS
// handshake (RFC 4279, RFC 5489) proves that the device holds a key made of its symmetric key. The
// identity that it names in the handshake says which key that is:
//
//   {idScope}/{registrationId}/{p|s}[/{groupId}]
//
// `p` or `s`: the primary or the secondary key; with a group, the device's key derived from the
// group's. DPS has nothing of the kind; docs/protocols/coap.md is the specification.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// What every DTLS library takes (RFC 4279 section 5.3).
inline constexpr std::size_t kMaxPskIdentity = 128;

enum class KeySlot : std::uint8_t { primary, secondary };

struct PskIdentity {
  IdScope id_scope;
  RegistrationId registration_id;  // its spelling enters the key of a group's device
  KeySlot slot = KeySlot::primary;
  std::optional<EnrollmentGroupId> group;
};

// What a device showed by finishing the handshake: the key that both sides used.
struct PskProof {
  PskIdentity identity;
  SecretBytes key;
};

// Errc::too_large past the limit, Errc::malformed for what is not of the form above.
[[nodiscard]] Result<PskIdentity> parse_psk_identity(std::string_view text);
[[nodiscard]] std::string to_text(const PskIdentity& identity);

// The key of the handshake: HMAC-SHA256(device key, "berth-psk/1"). Not the device key itself,
// which also signs tokens and goes to the hub.
[[nodiscard]] SecretBytes derive_psk(const SecretBytes& device_key, ports::Crypto& crypto);

// The device key that the identity means, given the keys of the individual enrollment, or those of
// the group that it names. Empty if that key is absent.
[[nodiscard]] SecretBytes device_key_of(const PskIdentity& identity,
                                        const SymmetricKeyAttestation& keys, ports::Crypto& crypto);

// Whether the proof was made with that key. An absent key fits nothing.
[[nodiscard]] bool psk_fits(const PskProof& proof, const SecretBytes& device_key,
                            ports::Crypto& crypto);

// What holds of a proof before any key is looked at: it names this scope and registration.
// Errc::unauthorized otherwise.
[[nodiscard]] Result<void> check_psk_identity(const PskIdentity& identity, const IdScope& id_scope,
                                              const RegistrationId& registration_id);

}  // namespace berth::domain
