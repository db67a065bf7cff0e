// Every kind of record that Berth keeps, with the number that stands for it in sealed rows, set
// digests and sync frames. Numbers are never reused (docs/formats/sealed_record.md).
#pragma once

#include <cstdint>
#include <string_view>

namespace berth::store {

enum class Table : std::uint8_t {
  // Synchronised from the coordinator to gateways, per tenant. The record's body is the encoding of
  // the model type of the same name (shared/protocol/sync/record_codec).
  individual_enrollment = 1,  // id: folded registration ID
  enrollment_group = 2,       // id: folded group ID
  linked_hub = 3,             // id: hub ID
  tenant_settings = 4,        // id: "settings"
  registration = 5,           // id: folded registration ID
  refusal_stub = 6,           // id: folded registration ID: of an individual out of scope
  ca_certificate = 7,         // id: folded name
  admitted_tpm = 8,           // id: lower-case hex SHA-256 of the endorsement key's TPM2B_PUBLIC

  // The coordinator's own, per tenant.
  hub_credential = 32,         // id: hub ID
  access_policy = 33,          // id: key name
  registration_interest = 34,  // id: gateway ID '/' folded registration ID

  registration_tombstone = 35,  // id: folded registration ID: an admin deleted it

  // The coordinator's own, of the node (tenant "").
  tenant = 48,   // id: ID scope, lower case
  gateway = 49,  // id: gateway ID
  site = 50,     // id: site ID
  node = 51,     // id: what it is ("identity", "ca", "operator", "default-tenant"; a gateway's:
                 // "identity", "outbox", "time")
  quarantined_outcome = 52,  // id: gateway ID '/' incarnation '/' sequence
  outbox_watermark = 53,     // id: gateway ID '/' incarnation
  audit_segment = 54,        // id: chain '/' number, 20 decimal digits
  audit_chain = 55,          // id: chain; "own": the name of this node's
  audit_seal = 56,           // id: chain '/' signer '/' day; "seen/" chain: what a gateway signed

  // A gateway's own, per tenant.
  cursor = 64,            // id: "cursor"
  permit = 65,            // id: "permit"
  hub_token = 66,         // id: hub ID
  intent = 67,            // id: folded registration ID
  outbox = 68,            // id: sequence, 20 decimal digits
  cleanup = 69,           // id: hub ID '/' device ID
  new_device_count = 70,  // id: "count": devices never seen before, admitted since last contact
  last_attempt = 71,      // id: folded registration ID: a refusal, where no registration exists
};

std::string_view name_of(Table table);

// Secondary indexes; entries are blind, as row keys are.
enum class Index : std::uint8_t {
  certificate_thumbprint = 1,  // upper-case hex SHA-256 of a client certificate
  issuer_subject = 2,       // lower-case hex SHA-256 of a signing certificate's subject Name DER,
                            // on groups (of TPMs too) and on CA certificates
  group_registrations = 3,  // folded group ID, on registrations and on refusals without one
  hub_registrations = 4,    // hub ID, on registrations
  used_credential = 11,     // enrollment and credential ID (store::use_term), on registrations
  endorsement_key = 5,      // lower-case hex digest of a chip (domain::chip_digest)
  symmetric_groups = 6,     // "1" on every group that attests by symmetric key
  outbox_registration = 7,  // folded registration ID, on outbox entries
  ca_reference = 8,         // folded name of a CA certificate, on enrollments that refer to it
  admitted_by_group = 9,    // folded group ID, on admitted TPMs
  admitted_id = 10,         // folded registration ID, on admitted TPMs that are given one
  // Folded host name of a hub: at the coordinator, on enrollments that name it and on registrations
  // in it.
  named_hub = 12,
};

}  // namespace berth::store
