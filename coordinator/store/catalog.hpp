// The catalog: typed access to all that admins see, over the record store. Every change is one
// change set with the versions it expects.
#pragma once

#include "coordinator/store/access_policies.hpp"
#include "coordinator/store/admitted_tpms.hpp"
#include "coordinator/store/ca_certificates.hpp"
#include "coordinator/store/enrollments.hpp"
#include "coordinator/store/gateways.hpp"
#include "coordinator/store/linked_hubs.hpp"
#include "coordinator/store/quotas.hpp"
#include "coordinator/store/registrations.hpp"
#include "coordinator/store/tenants.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

class Catalog {
 public:
  Catalog(store::RecordStore& store, ports::Crypto& crypto, ports::Clock& clock,
          ports::Entropy& entropy, const Quotas& quotas = {});

  // Makes what a coordinator cannot be without and is not there yet: its identity, the operator's
  // credential and the default tenant with its owner policy. Idempotent, also after a crash
  // halfway.
  [[nodiscard]] Result<void> prepare();

  // 32 lower-case hex digits, made by prepare().
  [[nodiscard]] Result<domain::CoordinatorId> coordinator_id() const;

  // The records below, for whoever reads them as a gateway does.
  [[nodiscard]] const store::Reader& reader() const { return store_; }

  Enrollments enrollments;
  AdmittedTpms admitted_tpms;
  CaCertificates ca_certificates;
  LinkedHubs hubs;
  AccessPolicies policies;
  Tenants tenants;
  Gateways gateways;
  Registrations registrations;

 private:
  store::RecordStore& store_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
};

}  // namespace berth::coordinator
