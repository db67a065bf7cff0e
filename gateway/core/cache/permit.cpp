#include "gateway/core/cache/permit.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "shared/protocol/sync/record_codec.hpp"

namespace berth::gateway {
namespace {

Error wait(std::string reason) {
  return Error{Errc::unavailable, std::move(reason)};
}

// A count of another permit than the present one counts nothing.
Result<std::uint64_t> new_devices(const store::Reader& reader, const domain::IdScope& tenant,
                                  std::uint64_t permit_serial) {
  auto record = reader.read(tenant, store::Table::new_device_count, kNewDeviceCountId);
  if (!record) return record.error();
  if (!*record) return std::uint64_t{0};
  auto count = sync::decode<domain::NewDeviceCount>((*record)->body);
  if (!count) return count.error();
  return count->permit_serial == permit_serial ? count->count : 0;
}

Result<std::optional<domain::Permit>> stored_permit(const store::Reader& reader,
                                                    const domain::IdScope& tenant) {
  auto record = reader.read(tenant, store::Table::permit, kPermitId);
  if (!record) return record.error();
  if (!*record) return std::optional<domain::Permit>{};
  auto signed_permit = sync::decode<domain::SignedPermit>((*record)->body);
  if (!signed_permit) return signed_permit.error();
  auto permit = sync::decode<domain::Permit>(signed_permit->body);
  if (!permit) return permit.error();
  return std::optional<domain::Permit>(std::move(*permit));
}

}  // namespace

Result<domain::Permit> verify_permit(const domain::SignedPermit& signed_permit,
                                     ByteView ca_public_key, const domain::GatewayId& gateway,
                                     const domain::IdScope& tenant, ports::Crypto& crypto) {
  if (!crypto.verify_p256(ca_public_key, signed_permit.body, signed_permit.signature)) {
    return Error{Errc::unauthorized, "the permit's signature is not the coordinator's"};
  }
  auto permit = sync::decode<domain::Permit>(signed_permit.body);
  if (!permit) return permit.error();
  if (permit->gateway_id != gateway || permit->id_scope != tenant) {
    return Error{Errc::unauthorized, "the permit is for another gateway or tenant"};
  }
  return permit;
}

Result<std::uint64_t> admit(const PermitFacts& facts, Acquaintance device, Contact contact) {
  if (auto may = may_continue(facts, device); !may) return may.error();
  if (device == Acquaintance::unseen) {
    if (facts.clock_is_behind) {
      return wait("the clock is behind the time that is known for certain: no new devices");
    }
    if (contact == Contact::alone && facts.new_devices >= facts.permit->new_device_quota) {
      return wait("the permit's quota of " + std::to_string(facts.permit->new_device_quota) +
                  " new devices without the coordinator is used up");
    }
  }
  return facts.permit->serial;
}

Result<void> may_continue(const PermitFacts& facts, Acquaintance device) {
  if (!facts.permit) return wait("no permit was received from the coordinator yet");
  if (facts.now <= facts.permit->expiry) return {};
  const std::string expired = "the permit expired " + to_iso8601_seconds(facts.permit->expiry);
  switch (device) {
    case Acquaintance::unseen: return wait(expired + ": no new devices");
    case Acquaintance::returning: break;
  }
  switch (facts.permit->returning_after_expiry) {
    case domain::ReturningDeviceRule::serve: return {};
    case domain::ReturningDeviceRule::refuse:
      return wait(expired + ": by its rule, returning devices wait too");
  }
  return wait(expired);
}

Result<std::uint64_t> PermitBook::admit(const domain::IdScope& tenant, Acquaintance device,
                                        Contact contact) {
  return admit(reader_, tenant, device, contact);
}

Result<void> PermitBook::may_continue(const domain::IdScope& tenant, Acquaintance device) {
  auto known = facts(reader_, tenant);
  if (!known) return known.error();
  return gateway::may_continue(*known, device);
}

Result<std::uint64_t> PermitBook::admit(const store::Reader& reader, const domain::IdScope& tenant,
                                        Acquaintance device, Contact contact) const {
  auto known = facts(reader, tenant);
  if (!known) return known.error();
  return gateway::admit(*known, device, contact);
}

Result<PermitFacts> PermitBook::facts(const store::Reader& reader,
                                      const domain::IdScope& tenant) const {
  PermitFacts known;
  known.now = time_.now();
  known.clock_is_behind = time_.clock_is_behind();
  auto permit = stored_permit(reader, tenant);
  if (!permit) return permit.error();
  known.permit = std::move(*permit);
  if (known.permit) {
    auto count = new_devices(reader, tenant, known.permit->serial);
    if (!count) return count.error();
    known.new_devices = *count;
  }
  return known;
}

Result<store::Change> PermitBook::count_new_device(const store::Reader& reader,
                                                   const domain::IdScope& tenant) const {
  auto known = facts(reader, tenant);
  if (!known) return known.error();
  domain::NewDeviceCount count;
  count.permit_serial = known->permit ? known->permit->serial : 0;
  count.count = known->new_devices + 1;
  store::Change change;
  change.table = store::Table::new_device_count;
  change.id = kNewDeviceCountId;
  change.body = sync::encode(count);
  return change;
}

Result<store::ChangeSet> take_permit(const store::Reader& reader, const sync::PermitGrant& grant,
                                     ByteView ca_public_key, const domain::GatewayId& gateway,
                                     ports::Crypto& crypto) {
  auto permit = verify_permit(grant.permit, ca_public_key, gateway, grant.tenant, crypto);
  if (!permit) return permit.error();
  auto present = stored_permit(reader, grant.tenant);
  if (!present) return present.error();
  store::ChangeSet set;
  set.tenant = grant.tenant;
  if (*present && (*present)->serial >= permit->serial) return set;
  store::Change put;
  put.table = store::Table::permit;
  put.id = kPermitId;
  put.body = sync::encode(grant.permit);
  store::Change reset;
  reset.kind = store::Change::Kind::erase;
  reset.table = store::Table::new_device_count;
  reset.id = kNewDeviceCountId;
  set.changes.push_back(std::move(put));
  set.changes.push_back(std::move(reset));
  return set;
}

Result<store::ChangeSet> take_hub_tokens(const store::Reader& reader,
                                         const sync::HubTokens& tokens) {
  store::ChangeSet set;
  set.tenant = tokens.tenant;
  for (const auto& token : tokens.tokens) {
    store::Change put;
    put.table = store::Table::hub_token;
    put.id = token.hub_id.str();
    put.body = sync::encode(token);
    set.changes.push_back(std::move(put));
  }
  std::string continuation;
  do {
    auto page = reader.list(tokens.tenant, store::Table::hub_token, continuation, store::kMaxPage);
    if (!page) return page.error();
    for (const auto& held : page->records) {
      const bool named =
          std::any_of(tokens.tokens.begin(), tokens.tokens.end(),
                      [&held](const auto& token) { return token.hub_id.str() == held.id; });
      if (named) continue;
      store::Change erase;
      erase.kind = store::Change::Kind::erase;
      erase.table = store::Table::hub_token;
      erase.id = held.id;
      set.changes.push_back(std::move(erase));
    }
    continuation = page->continuation;
  } while (!continuation.empty());
  return set;
}

}  // namespace berth::gateway
