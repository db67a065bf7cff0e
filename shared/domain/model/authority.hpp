// What the coordinator keeps of its own beside the records that admins see: its identity, and what
// it must remember to take in outcomes (design section 4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/model/gateway.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/domain/model/stamps.hpp"

namespace berth::domain {

// Who a node is, with the certificate that says so: of the coordinator's CA (self-signed), of a
// gateway (issued at joining).
struct NodeIdentity {
  std::string node_id;      // coordinator ID or gateway ID
  SecretBytes private_key;  // DER PKCS#8
  Bytes certificate;        // DER
  Bytes ca_certificate;     // DER; the CA's own
};

// The tenant that the service API means where no tenant claims the host name (design section 5).
struct DefaultTenant {
  IdScope id_scope;
};

// Serials of permits up to here may have been given; the next ones are above, whatever the clock
// says.
struct SerialReservation {
  std::uint64_t through = 0;
};

// How far the outbox of one gateway incarnation was taken in, and the last contact, by which
// arrival times of the same boot are re-timed.
struct OutboxWatermark {
  GatewayId gateway_id;
  std::string incarnation;
  std::uint64_t sequence = 0;
  BootMoment contact_moment;  // the gateway's clock at the last contact,
  WallTime contact{};         // and ours
};

// An outcome that could not be applied; acknowledged, kept and shown.
struct QuarantinedOutcome {
  GatewayId gateway_id;
  std::string incarnation;
  OutboxEntry entry;
  WallTime received{};
  std::string reason;
};

// An individual enrollment that a site may not serve but must refuse (design 3.2); of an enabled
// one, its chip alone.
struct RefusalStub {
  RegistrationId registration_id;
  Bytes certificate_sha256;  // of its client certificates; empty if none
  Bytes secondary_certificate_sha256;
  Bytes endorsement_key_sha256 = {};  // of its TPM; empty if none
  bool is_enabled = false;            // its ID is refused to nobody, its chip to every group
};

// A registration that an admin deleted: outcomes that arrived before do not bring it back.
struct RegistrationTombstone {
  RegistrationId registration_id;
  WallTime deleted{};
};

// A gateway that reported a registration, or asked for it, goes on receiving its changes. The
// coordinator keeps one per gateway and registration; a gateway keeps its own, which says that what
// it has of the registration, also nothing, is what the coordinator has at the cursor.
struct RegistrationInterest {
  RegistrationId registration_id;
  WallTime since{};
};

}  // namespace berth::domain
