#include "coordinator/fleet/permits.hpp"

#include <algorithm>
#include <utility>

#include "shared/protocol/sync/record_codec.hpp"

namespace berth::coordinator {
namespace {

// Serials are microseconds of the clock, so that a restored back-up goes on above what it gave;
// ranges of this length are reserved at a time, so that a write is needed once an hour.
constexpr std::uint64_t kReservedAtOnce = 3'600'000'000;

}  // namespace

Result<Permits::Issued> Permits::issue(const domain::Gateway& gateway,
                                       const domain::IdScope& tenant) {
  auto serial = next_serial();
  if (!serial) return serial.error();
  Issued issued;
  issued.permit.gateway_id = gateway.gateway_id;
  issued.permit.id_scope = tenant;
  issued.permit.serial = *serial;
  issued.permit.issued = clock_.wall();
  issued.permit.expiry = clock_.wall() + settings_.lifetime;
  issued.permit.returning_after_expiry = settings_.returning_after_expiry;
  issued.permit.new_device_quota = settings_.new_device_quota;
  issued.permit.scope_version = gateway.scope_version;
  issued.signed_permit.body = sync::encode(issued.permit);
  auto signature = ca_.sign(issued.signed_permit.body);
  if (!signature) return signature.error();
  issued.signed_permit.signature = std::move(*signature);
  return issued;
}

Result<std::uint64_t> Permits::next_serial() {
  if (!restored_) {
    auto record = store_.read(store::kNode, store::Table::node, kPermitSerialsId);
    if (!record) return record.error();
    if (*record) {
      auto reservation = sync::decode<domain::SerialReservation>((*record)->body);
      if (!reservation) return reservation.error();
      last_serial_ = reservation->through;
      reserved_ = reservation->through;
    }
    restored_ = true;
  }
  const auto clock =
      static_cast<std::uint64_t>(std::max<std::int64_t>(unix_micros(clock_.wall()), 0));
  const std::uint64_t serial = std::max(last_serial_ + 1, clock);
  if (serial > reserved_) {
    store::Change change;
    change.table = store::Table::node;
    change.id = kPermitSerialsId;
    change.body = sync::encode(domain::SerialReservation{serial + kReservedAtOnce});
    store::ChangeSet set;
    set.tenant = store::kNode;
    set.changes.push_back(std::move(change));
    auto committed = store::commit_one(store_, std::move(set));
    if (!committed) return committed.error();
    reserved_ = serial + kReservedAtOnce;
  }
  last_serial_ = serial;
  return serial;
}

}  // namespace berth::coordinator
