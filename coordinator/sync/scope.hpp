// What a gateway gets to see of a tenant's records (design 3.2 and section 4): hubs, settings and
// CA certificates always, and groups' lists of TPMs, which admit nobody where their group is not
// held; an enrollment that names no site, or the gateway's; of other sites' individual enrollments
// a refusal stub, if they are disabled or name a chip; registrations that the gateway reported or
// asked for.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/protocol/sync/frames.hpp"
#include "shared/store/record_store.hpp"

namespace berth::coordinator {

// Whether a site may serve what is provisioned so.
[[nodiscard]] bool may_serve(const domain::Provisioning& provisioning, const domain::SiteId& site);

// A group whose keys stay at the coordinator has nothing that a gateway could attest by.
[[nodiscard]] bool keys_stay_here(const domain::EnrollmentGroup& group);

class Scope {
 public:
  // `crypto` outlives the scope.
  Scope(domain::SiteId site, ports::Crypto& crypto) : site_(std::move(site)), crypto_(&crypto) {}

  // The record as gateways at the site hold it; nothing if they don't. Registrations are not judged
  // by site: they are given as they are.
  [[nodiscard]] Result<std::optional<sync::RecordChange>> view(const store::Record& record) const;
  // What a change means at the site: nothing, a record, or a removal; both if the record changed
  // its form. `is_of_interest` is asked for registrations.
  [[nodiscard]] Result<std::vector<sync::RecordChange>> changes_for(
      const store::LogEntry& entry,
      const std::function<Result<bool>(const std::string& registration)>& is_of_interest) const;

  [[nodiscard]] const domain::SiteId& site() const { return site_; }

 private:
  [[nodiscard]] Result<std::optional<sync::RecordChange>> view_of_individual(
      const store::Record& record) const;

  domain::SiteId site_;
  ports::Crypto* crypto_;
};

// The record that says that a gateway receives a registration's changes.
[[nodiscard]] std::string interest_id(const domain::GatewayId& gateway,
                                      const std::string& folded_registration);
[[nodiscard]] store::Change interest_change(const domain::GatewayId& gateway,
                                            const domain::RegistrationId& registration,
                                            WallTime now);

}  // namespace berth::coordinator
