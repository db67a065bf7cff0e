// Who may register, how it attests, and what it gets: DPS's individual enrollment and enrollment
// group (service API section 2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/decision_trace.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/stamps.hpp"
#include "shared/domain/model/twin.hpp"

namespace berth::domain {

// Symmetric keys, in bytes after base64 (device API section 6).
inline constexpr std::size_t kMinSymmetricKeySize = 16;
inline constexpr std::size_t kMaxSymmetricKeySize = 64;

// Each key has a name that says nothing of it: registrations keep which one their device proved
// itself by (domain::name_keys). Empty: it was written before keys had names.
struct SymmetricKeyAttestation {
  SecretBytes primary;
  SecretBytes secondary;
  std::string primary_id = {};
  std::string secondary_id = {};
};

// Either certificate answers; both are whole DER certificates, or (ca_references) names of uploaded
// CA certificates.
struct X509Attestation {
  enum class Kind : std::uint8_t { client_certificates, signing_certificates, ca_references };
  Kind kind = Kind::client_certificates;
  Bytes primary;  // DER; empty if absent
  Bytes secondary;
  std::string primary_ca_name;  // ca_references only
  std::string secondary_ca_name;
};

struct TpmAttestation {
  Bytes endorsement_key;   // TPM2B_PUBLIC
  Bytes storage_root_key;  // TPM2B_PUBLIC, or empty
  // What was written as endorsement key where it is no base64, which DPS takes (service API 2.4);
  // endorsement_key is empty then, and no device attests by it.
  std::string unreadable_endorsement_key = {};
};

// Most CA certificates by which one group admits TPMs.
inline constexpr std::size_t kMaxTpmGroupCertificates = 8;

// A group of TPMs, which DPS does not have: it admits those on its list (AdmittedTpm), and those
// whose endorsement key certificate one of these CAs issued (docs/attestation/tpm.md).
struct TpmGroupAttestation {
  std::vector<Bytes> certificates;  // DER; empty: the list alone admits
};

using Attestation =
    std::variant<SymmetricKeyAttestation, X509Attestation, TpmAttestation, TpmGroupAttestation>;

// Where the roll of an enrollment's keys or certificates stands (shared/domain/key_roll). Both are
// credential IDs: a key's name, or a certificate's thumbprint.
struct KeyRoll {
  std::string current = {};  // what devices have, as far as a roll ever said; else the primary
  std::string next = {};     // what they are to have; empty: no roll is under way
  WallTime started{};        // with next
  friend bool operator==(const KeyRoll&, const KeyRoll&) = default;
};

enum class ProvisioningStatus : std::uint8_t { enabled, disabled };

// Both true is DPS's default (service API 2.9).
struct ReprovisionPolicy {
  bool update_hub_assignment = true;
  bool migrate_device_data = true;
  friend bool operator==(const ReprovisionPolicy&, const ReprovisionPolicy&) = default;
};

struct CustomAllocation {
  std::string webhook_url;
  std::string api_version;
  friend bool operator==(const CustomAllocation&, const CustomAllocation&) = default;
};

// Where the group's symmetric keys may be (design section 4).
enum class GroupKeyCustody : std::uint8_t { on_gateway, listed_devices, online_only };

// What both kinds say about how devices are provisioned. An unset optional means "the service's
// default at registration time" and stays unset in answers.
struct Provisioning {
  ProvisioningStatus status = ProvisioningStatus::enabled;
  std::optional<ReprovisionPolicy> reprovision_policy;
  std::optional<AllocationPolicy> allocation_policy;
  std::vector<std::string> iot_hubs;  // host names of linked hubs; empty: all of them
  std::string iot_hub_host_name;      // legacy: static to that hub
  std::optional<CustomAllocation> custom_allocation;
  InitialTwin initial_twin;
  std::optional<bool> iot_edge;  // capabilities.iotEdge
  std::vector<SiteId> sites;     // ours: which sites may serve it; empty: all
  JsonText unknown_members;      // what newer SDKs sent and we do not know, given back as it was
};

struct IndividualEnrollment {
  RegistrationId registration_id;
  std::optional<DeviceId> device_id;  // absent: the registration ID
  Attestation attestation;
  Provisioning provisioning;
  JsonText optional_device_information;
  Stamps stamps;
  KeyRoll key_roll = {};
};

struct EnrollmentGroup {
  EnrollmentGroupId group_id;
  Attestation attestation;  // symmetric key; X.509 with signing certificates or CAs; group of TPMs
  Provisioning provisioning;
  GroupKeyCustody key_custody = GroupKeyCustody::on_gateway;
  Stamps stamps;
  KeyRoll key_roll = {};
};

}  // namespace berth::domain
