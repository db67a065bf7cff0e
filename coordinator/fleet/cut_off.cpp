#include "coordinator/fleet/cut_off.hpp"

#include <utility>

#include "coordinator/store/typed_records.hpp"
#include "shared/base/encoding.hpp"

namespace berth::coordinator {
namespace {

using domain::ProvisioningStatus;
using domain::Registration;
using store::Table;

// Records looked at in one go, so that the coordinator's thread stays free for others.
constexpr std::size_t kPage = 200;

bool is_in(const Registration& registration, const domain::HubId& hub) {
  return registration.status == domain::RegistrationStatus::assigned && registration.hub_id == hub;
}

// As attestation has it: an individual enrollment decides for its device, else its group.
Result<bool> is_disabled(const store::Reader& reader, const domain::IdScope& tenant,
                         const Registration& registration) {
  const auto individual = read_record<domain::IndividualEnrollment>(
      reader, tenant, Table::individual_enrollment, registration.registration_id.folded());
  if (!individual) return individual.error();
  if (*individual) {
    return (*individual)->record.provisioning.status == ProvisioningStatus::disabled;
  }
  if (!registration.enrollment.is_group) return false;
  const auto group = read_record<domain::EnrollmentGroup>(reader, tenant, Table::enrollment_group,
                                                          to_lower(registration.enrollment.id));
  if (!group) return group.error();
  return *group && (*group)->record.provisioning.status == ProvisioningStatus::disabled;
}

Result<void> add(const store::Reader& reader, const domain::IdScope& tenant,
                 const Registration& registration, bool also_enable, std::vector<CutOff>& work) {
  const auto disabled = is_disabled(reader, tenant, registration);
  if (!disabled) return disabled.error();
  if (*disabled || also_enable) {
    work.push_back({registration.registration_id, registration.device_id, *disabled});
  }
  return {};
}

template <class T>
Result<std::optional<ProvisioningStatus>> status_in(const std::optional<store::Record>& record) {
  if (!record) return std::optional<ProvisioningStatus>{};
  const auto decoded = sync::decode<T>(record->body);
  if (!decoded) return decoded.error();
  return std::optional<ProvisioningStatus>(decoded->provisioning.status);
}

// An enrollment that is no more disables nobody.
template <class T>
Result<bool> is_switched(const store::LogEntry& entry) {
  const auto before = status_in<T>(entry.before);
  if (!before) return before.error();
  const auto after = status_in<T>(entry.after);
  if (!after) return after.error();
  return (*before == ProvisioningStatus::disabled) != (*after == ProvisioningStatus::disabled);
}

class Follower {
 public:
  Follower(const store::RecordStore& store, const domain::IdScope& tenant, const domain::HubId& hub)
      : store_(store), tenant_(tenant), hub_(hub) {}

  Result<CutOffPage> list(const CutOffPlace& place) {
    const auto page = decode_page<Registration>(
        store_.find(tenant_, Table::registration, {store::Index::hub_registrations, hub_.str()},
                    place.continuation, kPage));
    if (!page) return page.error();
    for (const auto& [registration, version] : page->records) {
      if (!is_in(registration, hub_)) continue;
      auto added = add(store_, tenant_, registration, true, page_.work);
      if (!added) return added.error();
    }
    page_.next = place;
    page_.next.continuation = page->continuation;
    page_.next.is_listing = !page->continuation.empty();
    return std::move(page_);
  }

  Result<CutOffPage> follow(const std::vector<store::LogEntry>& entries, const CutOffPlace& place) {
    page_.next = place;
    for (const store::LogEntry& entry : entries) {
      auto taken = take(entry);
      if (!taken) return taken.error();
      page_.next.sequence = entry.sequence;
    }
    page_.is_all = entries.size() < kPage;
    return std::move(page_);
  }

 private:
  Result<void> take(const store::LogEntry& entry) {
    if (entry.table == Table::registration) return take_registration(entry);
    if (entry.table == Table::individual_enrollment) {
      const auto switched = is_switched<domain::IndividualEnrollment>(entry);
      if (!switched) return switched.error();
      return *switched ? look_at(entry.id) : Result<void>{};
    }
    if (entry.table == Table::enrollment_group) {
      const auto switched = is_switched<domain::EnrollmentGroup>(entry);
      if (!switched) return switched.error();
      return *switched ? look_at_group(entry.id) : Result<void>{};
    }
    return {};
  }

  // A device that registered while its enrollment was being disabled. Its gateway let it in.
  Result<void> take_registration(const store::LogEntry& entry) {
    if (!entry.after) return {};
    const auto registration = sync::decode<Registration>(entry.after->body);
    if (!registration) return registration.error();
    if (!is_in(*registration, hub_)) return {};
    return add(store_, tenant_, *registration, false, page_.work);
  }

  Result<void> look_at(const std::string& id) {
    const auto registration = read_record<Registration>(store_, tenant_, Table::registration, id);
    if (!registration) return registration.error();
    if (!*registration || !is_in((*registration)->record, hub_)) return {};
    return add(store_, tenant_, (*registration)->record, true, page_.work);
  }

  Result<void> look_at_group(const std::string& id) {
    std::string continuation;
    do {
      const auto page = decode_page<Registration>(
          store_.find(tenant_, Table::registration, {store::Index::group_registrations, id},
                      continuation, store::kMaxPage));
      if (!page) return page.error();
      for (const auto& [registration, version] : page->records) {
        if (!is_in(registration, hub_)) continue;
        auto added = add(store_, tenant_, registration, true, page_.work);
        if (!added) return added.error();
      }
      continuation = page->continuation;
    } while (!continuation.empty());
    return {};
  }

  const store::RecordStore& store_;
  const domain::IdScope& tenant_;
  const domain::HubId& hub_;
  CutOffPage page_;
};

}  // namespace

Result<CutOffPage> next_cut_offs(const store::RecordStore& store, const domain::IdScope& tenant,
                                 const domain::HubId& hub,
                                 const std::optional<CutOffPlace>& place) {
  Follower follower(store, tenant, hub);
  if (place && place->is_listing) return follower.list(*place);
  if (place) {
    const auto entries = store.changes(tenant, place->sequence, kPage);
    if (entries) return follower.follow(*entries, *place);
    if (entries.error().code != Errc::not_found) return entries.error();
  }
  // What changes while it is listed comes after this in the log.
  const auto head = store.head(tenant);
  if (!head) return head.error();
  return follower.list(CutOffPlace{*head, true, {}});
}

Result<bool> still_holds(const store::Reader& reader, const domain::IdScope& tenant,
                         const domain::HubId& hub, const CutOff& one) {
  const auto registration =
      read_record<Registration>(reader, tenant, Table::registration, one.registration_id.folded());
  if (!registration) return registration.error();
  if (!*registration || !is_in((*registration)->record, hub)) return false;
  if ((*registration)->record.device_id != one.device_id) return false;
  const auto disabled = is_disabled(reader, tenant, (*registration)->record);
  if (!disabled) return disabled.error();
  return *disabled == one.disable;
}

}  // namespace berth::coordinator
