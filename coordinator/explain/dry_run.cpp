#include "coordinator/explain/dry_run.hpp"

#include <utility>

#include "coordinator/explain/site_view.hpp"
#include "coordinator/explain/supposition.hpp"
#include "shared/domain/reprovision.hpp"
#include "shared/protocol/sync/record_lookup.hpp"

namespace berth::coordinator {
namespace {

class DryRun {
 public:
  DryRun(const Catalog& catalog, ports::Crypto& crypto, const Ground& ground,
         const DryRunRequest& request)
      : request_(request),
        ground_(ground),
        crypto_(crypto),
        records_(catalog.reader(), crypto, std::nullopt),
        enrollments_(records_, crypto, request.tenant) {}

  Result<DryRunRow> look_at(const DryRunDevice& device,
                            const std::optional<domain::Registration>& registration) {
    DryRunRow row;
    row.registration_id = registration ? registration->registration_id : device.registration_id;
    if (domain::is_assignment(registration)) row.current_hub = registration->assigned_hub;
    const auto group = domain::is_assignment(registration) ? std::nullopt : device.group;
    auto supposed = suppose_enrollment(enrollments_, device.registration_id, group, registration);
    if (!supposed) {
      // What the store can't tell is not what a device would be told.
      const Errc code = supposed.error().code;
      if (code == Errc::io || code == Errc::corrupt) return supposed.error();
      row.prospect.outcome = Outcome::refused;
      row.prospect.error = supposed.error();
      return row;
    }
    if (!*supposed) return row;
    apply_change(request_.change, **supposed);
    row.enrollment = (*supposed)->enrollment;
    row.prospect = foresee(ground_, row.registration_id, **supposed, registration, crypto_);
    return row;
  }

 private:
  const DryRunRequest& request_;
  const Ground& ground_;
  ports::Crypto& crypto_;
  SiteView records_;
  sync::RecordLookup enrollments_;
};

Result<Listing<domain::Registration>> registered(const Catalog& catalog,
                                                 const DryRunRequest& request) {
  if (!request.group) {
    return catalog.registrations.list(request.tenant, request.continuation, request.size);
  }
  return catalog.registrations.list_of_group(request.tenant, *request.group, request.continuation,
                                             request.size);
}

}  // namespace

Result<DryRunPage> dry_run(const Catalog& catalog, ports::Crypto& crypto, Ground ground,
                           const DryRunRequest& request) {
  if (const auto applied = apply_change(request.change, ground); !applied) return applied.error();
  ground.latencies = request.latencies;
  DryRun run(catalog, crypto, ground, request);
  DryRunPage page;
  for (const DryRunDevice& device : request.devices) {
    const auto found = catalog.registrations.find(request.tenant, device.registration_id);
    if (!found) return found.error();
    std::optional<domain::Registration> registration;
    if (*found) registration = (*found)->record;
    auto row = run.look_at(device, registration);
    if (!row) return row.error();
    page.rows.push_back(std::move(*row));
  }
  if (!request.devices.empty()) return page;
  auto listing = registered(catalog, request);
  if (!listing) return listing.error();
  page.continuation = std::move(listing->continuation);
  for (auto& found : listing->records) {
    const DryRunDevice device{found.record.registration_id, request.group};
    auto row = run.look_at(device, std::move(found.record));
    if (!row) return row.error();
    page.rows.push_back(std::move(*row));
  }
  return page;
}

}  // namespace berth::coordinator
