#include "shared/store/record_store.hpp"

#include <utility>

namespace berth::store {

std::string_view name_of(Table table) {
  switch (table) {
    case Table::individual_enrollment: return "individual_enrollment";
    case Table::enrollment_group: return "enrollment_group";
    case Table::linked_hub: return "linked_hub";
    case Table::tenant_settings: return "tenant_settings";
    case Table::registration: return "registration";
    case Table::refusal_stub: return "refusal_stub";
    case Table::ca_certificate: return "ca_certificate";
    case Table::admitted_tpm: return "admitted_tpm";
    case Table::hub_credential: return "hub_credential";
    case Table::access_policy: return "access_policy";
    case Table::registration_interest: return "registration_interest";
    case Table::registration_tombstone: return "registration_tombstone";
    case Table::tenant: return "tenant";
    case Table::gateway: return "gateway";
    case Table::site: return "site";
    case Table::node: return "node";
    case Table::quarantined_outcome: return "quarantined_outcome";
    case Table::outbox_watermark: return "outbox_watermark";
    case Table::audit_segment: return "audit_segment";
    case Table::audit_chain: return "audit_chain";
    case Table::audit_seal: return "audit_seal";
    case Table::cursor: return "cursor";
    case Table::permit: return "permit";
    case Table::hub_token: return "hub_token";
    case Table::intent: return "intent";
    case Table::outbox: return "outbox";
    case Table::cleanup: return "cleanup";
    case Table::new_device_count: return "new_device_count";
    case Table::last_attempt: return "last_attempt";
  }
  return "unknown";  // a number read from a file
}

Result<Committed> commit_one(RecordStore& store, ChangeSet set) {
  auto committed = store.commit({&set, 1});
  if (!committed) return committed.error();
  return std::move(committed->front());
}

}  // namespace berth::store
