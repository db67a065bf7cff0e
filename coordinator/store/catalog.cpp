#include "coordinator/store/catalog.hpp"

#include <utility>

#include "coordinator/store/record_writes.hpp"
#include "coordinator/store/typed_records.hpp"
#include "shared/base/encoding.hpp"

namespace berth::coordinator {
namespace {

constexpr const char* kIdentityId = "identity";
constexpr const char* kDefaultTenantName = "default";
// 16 random bytes make 32 hex digits.
constexpr std::size_t kNodeIdEntropy = 16;

}  // namespace

Catalog::Catalog(store::RecordStore& store, ports::Crypto& crypto, ports::Clock& clock,
                 ports::Entropy& entropy, const Quotas& quotas)
    : enrollments(store, crypto, clock, quotas),
      admitted_tpms(store, clock, quotas.admitted_tpms),
      ca_certificates(store, crypto, clock, quotas),
      hubs(store, clock, quotas),
      policies(store, clock, entropy),
      tenants(store, clock, entropy),
      gateways(store, clock),
      registrations(store, clock),
      store_(store),
      clock_(clock),
      entropy_(entropy) {}

Result<void> Catalog::prepare() {
  if (const auto made = store_.create_tenant(store::kNode); !made) return made.error();
  const auto identity = store_.read(store::kNode, store::Table::node, kIdentityId);
  if (!identity) return identity.error();
  if (!*identity) {
    domain::NodeIdentity node;
    node.node_id = to_hex(entropy_.bytes(kNodeIdEntropy));
    const auto written = commit_change(
        store_, store::kNode, put_change(store::Table::node, kIdentityId, sync::encode(node), 0));
    if (!written) return written.error();
  }

  const auto operator_policy = policies.operator_policy();
  if (!operator_policy) return operator_policy.error();
  if (!*operator_policy) {
    domain::AccessPolicy policy;
    policy.key_name = domain::kOperatorKeyName;
    policy.primary_key = entropy_.secret(kGeneratedKeySize);
    policy.secondary_key = entropy_.secret(kGeneratedKeySize);
    policy.rights = domain::kAllAccessRights;
    stamp(policy.stamps, 0, clock_.wall());
    const auto written = commit_change(
        store_, store::kNode,
        put_change(store::Table::node, domain::kOperatorKeyName, sync::encode(policy), 0));
    if (!written) return written.error();
  }

  const auto existing = tenants.all();
  if (!existing) return existing.error();
  if (existing->empty()) {
    domain::TenantSettings settings;
    settings.name = kDefaultTenantName;
    const auto made = tenants.create(std::move(settings));
    if (!made) return made.error();
  }
  return {};
}

Result<domain::CoordinatorId> Catalog::coordinator_id() const {
  const auto identity =
      read_record<domain::NodeIdentity>(store_, store::kNode, store::Table::node, kIdentityId);
  if (!identity) return identity.error();
  if (!*identity) return Error{Errc::not_found, "the coordinator has no identity yet"};
  return domain::CoordinatorId((*identity)->record.node_id);
}

}  // namespace berth::coordinator
