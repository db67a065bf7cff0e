#include "gateway/core/registration/decision.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/core/registration/hub_attempts.hpp"
#include "shared/domain/attestation/symmetric_key.hpp"
#include "shared/domain/destination.hpp"
#include "shared/domain/reprovision.hpp"
#include "shared/protocol/record_etag.hpp"

namespace berth::gateway {
namespace {

using Enrollment = std::variant<domain::IndividualEnrollment, domain::EnrollmentGroup>;

// What shared/domain/destination is to go by.
Result<domain::DestinationRequest> destination_request(const DecisionInputs& inputs,
                                                       const domain::IdScope& tenant,
                                                       const std::vector<domain::LinkedHub>& hubs,
                                                       const domain::DeviceId& device_id,
                                                       const domain::Intent& intent) {
  const Result<domain::TenantSettings> settings = inputs.cache.settings(tenant);
  if (!settings) return settings.error();
  domain::DestinationRequest request;
  request.device_id = device_id;
  request.allocation.registration_id = intent.registration_id;
  request.allocation.hubs = hubs;
  request.allocation.service_default = settings->allocation_policy;
  request.allocation.geo_latency = inputs.geo_latency;
  request.allocation.refused_by = hubs_that_refused(intent);
  for (const domain::LinkedHub& hub : hubs) {
    if (const auto latency = inputs.probe.latency(hub.hub_id)) {
      request.latencies[hub.hub_id] = *latency;
    }
  }
  return request;
}

void set_plan(const domain::ProvisioningPlan& plan, const domain::Provisioning& provisioning,
              const std::optional<domain::Registration>& previous, WallTime now,
              domain::Intent& intent) {
  intent.device_id = plan.device_id;
  intent.substatus = plan.substatus;
  intent.twin = provisioning.initial_twin;
  intent.replace_twin =
      plan.twin == domain::TwinAction::reset || plan.twin == domain::TwinAction::migrate;
  intent.migrate_twin = plan.twin == domain::TwinAction::migrate;
  intent.previous.reset();
  if (plan.is_move()) {
    intent.previous = domain::PreviousAssignment{previous->hub_id, previous->assigned_hub,
                                                 previous->device_id, previous->hub_etag};
  }
  domain::trace_plan(plan, previous, intent.decision);
  begin_attempt(intent, plan.hub_id, plan.host_name, now);
}

// The enrollment that the device was accepted on, whole.
Result<Enrollment> enrollment_of(const DecisionInputs& inputs, const domain::IdScope& tenant,
                                 const domain::Intent& intent, std::string& etag) {
  const auto enrollments = inputs.cache.enrollments(tenant);
  const auto quoted = [](std::uint64_t version, WallTime created) {
    return "\"" + protocol::record_etag(version, created) + "\"";
  };
  if (!intent.enrollment.is_group) {
    const auto found = enrollments->individual(intent.registration_id);
    if (!found) return found.error();
    if (!found->has_value()) return Error{Errc::unavailable, "the enrollment is gone"};
    etag = quoted((*found)->version, (*found)->record.stamps.created);
    return Enrollment((*found)->record);
  }
  const Result<domain::EnrollmentGroupId> id =
      domain::EnrollmentGroupId::parse(intent.enrollment.id);
  if (!id) return id.error();
  const auto found = enrollments->group(*id);
  if (!found) return found.error();
  if (!found->has_value()) return Error{Errc::unavailable, "the enrollment group is gone"};
  etag = quoted((*found)->version, (*found)->record.stamps.created);
  return Enrollment((*found)->record);
}

// Keys that were rolled since the device was accepted are not given to its hub any more.
void refresh_keys(const domain::SymmetricKeyAttestation& keys, domain::Intent& intent) {
  auto* credential = std::get_if<domain::SymmetricKeyCredential>(&intent.credential);
  if (credential == nullptr) return;
  credential->primary = keys.primary;
  credential->secondary = keys.secondary;
  if (intent.credential_id.empty()) return;
  // An admin may have exchanged the slots; the device's key is where its name is.
  if (intent.credential_id == keys.primary_id) credential->signed_with_secondary = false;
  if (intent.credential_id == keys.secondary_id) credential->signed_with_secondary = true;
}

Result<domain::Provisioning> enabled_group(domain::EnrollmentLookup& enrollments,
                                           ports::Crypto& crypto, domain::Intent& intent) {
  domain::EnrollmentRef& ref = intent.enrollment;
  const Result<domain::EnrollmentGroupId> id = domain::EnrollmentGroupId::parse(ref.id);
  if (!id) return Error{Errc::unauthorized, "the intent names no enrollment group"};
  const auto group = enrollments.group(*id);
  if (!group) return group.error();
  if (!group->has_value()) {
    return Error{Errc::unauthorized, "enrollment group " + ref.id + " was deleted meanwhile"};
  }
  if ((*group)->record.provisioning.status == domain::ProvisioningStatus::disabled) {
    return Error{Errc::disabled, "enrollment group " + ref.id + " was disabled meanwhile"};
  }
  ref.version = (*group)->version;
  const auto* keys = std::get_if<domain::SymmetricKeyAttestation>(&(*group)->record.attestation);
  if (keys != nullptr) {
    refresh_keys(domain::derive_device_keys(*keys, intent.registration_id.str(), crypto), intent);
  }
  return (*group)->record.provisioning;
}

}  // namespace

std::optional<domain::Registration> registration_in(const KnownRegistration& known) {
  if (!known.registration) return std::nullopt;
  return known.registration->record;
}

Result<Decided> decide(const DecisionInputs& inputs, const domain::IdScope& tenant,
                       const domain::Provisioning& provisioning, const domain::DeviceId& device_id,
                       const std::optional<domain::Registration>& registration, WallTime now,
                       domain::Intent& intent) {
  const Result<std::vector<domain::LinkedHub>> hubs = inputs.cache.hubs(tenant);
  if (!hubs) return hubs.error();
  const std::optional<domain::Registration> previous = domain::in_linked_hub(registration, *hubs);
  Result<domain::DestinationRequest> request =
      destination_request(inputs, tenant, *hubs, device_id, intent);
  if (!request) return request.error();
  const Result<domain::Destination> destination = domain::find_destination(
      std::move(*request), provisioning, previous, inputs.crypto, intent.decision);
  if (!destination) return destination.error();
  switch (destination->kind) {
    case domain::Destination::Kind::webhook:
      intent.device_id = domain::is_assignment(previous) ? previous->device_id : device_id;
      return Decided::webhook;
    case domain::Destination::Kind::stays: {
      // What the webhook had for the device when it was asked is told every time (service API 3.3).
      const bool is_custom = provisioning.allocation_policy == domain::AllocationPolicy::custom;
      intent.payload = is_custom ? previous->payload : domain::JsonText{};
      break;
    }
    case domain::Destination::Kind::chosen: intent.allocation.reset(); break;
  }
  set_plan(destination->plan, provisioning, previous, now, intent);
  return Decided::hub;
}

Result<domain::CustomAllocationRequest> allocation_request(
    const DecisionInputs& inputs, const domain::IdScope& tenant,
    const std::optional<domain::Registration>& previous, const domain::Intent& intent) {
  const Result<std::vector<domain::LinkedHub>> hubs = inputs.cache.hubs(tenant);
  if (!hubs) return hubs.error();
  std::string etag;
  Result<Enrollment> enrollment = enrollment_of(inputs, tenant, intent, etag);
  if (!enrollment) return enrollment.error();
  Result<domain::CustomAllocationRequest> request =
      domain::custom_allocation_request(std::move(*enrollment), *hubs);
  if (!request) return request.error();
  request->enrollment_ref = intent.enrollment;
  request->enrollment_etag = std::move(etag);
  request->registration_id = intent.registration_id;
  if (domain::is_assignment(previous)) {
    request->current_hub = previous->assigned_hub;
    request->current_device_id = previous->device_id;
  }
  request->attestation = intent.attestation;
  request->payload = intent.api.payload;
  if (!intent.allocation) return request;
  const domain::AwaitedAllocation& kept = *intent.allocation;
  const auto parse = [&inputs](const Bytes& der, std::optional<ports::Certificate>& into) {
    if (der.empty()) return;
    // It was read before; what can't be read now is left out.
    if (auto certificate = inputs.crypto.parse_certificate(der)) into = std::move(*certificate);
  };
  parse(kept.leaf, request->leaf);
  parse(kept.signing_certificate, request->signing_certificate);
  request->endorsement_key = kept.endorsement_key;
  request->storage_root_key = kept.storage_root_key;
  return request;
}

Result<void> take_allocation(const DecisionInputs& inputs, const domain::IdScope& tenant,
                             const domain::Provisioning& provisioning,
                             const domain::CustomAllocationAnswer& answer,
                             const std::optional<domain::Registration>& registration, WallTime now,
                             domain::Intent& intent) {
  const Result<std::vector<domain::LinkedHub>> hubs = inputs.cache.hubs(tenant);
  if (!hubs) return hubs.error();
  const std::optional<domain::Registration> previous = domain::in_linked_hub(registration, *hubs);
  const Result<domain::Allocation> allocation =
      domain::accept_custom_allocation(answer, provisioning, *hubs);
  if (!allocation) return allocation.error();
  const domain::ProvisioningPlan plan = domain::plan_provisioning(
      previous, provisioning, allocation->hub_id, allocation->host_name, intent.device_id);
  set_plan(plan, provisioning, previous, now, intent);
  // It counts on a first assignment and under the reset policy alone (service API 3.3).
  const bool begins_anew =
      plan.twin == domain::TwinAction::initialise || plan.twin == domain::TwinAction::reset;
  if (answer.initial_twin && begins_anew) intent.twin = *answer.initial_twin;
  intent.payload = answer.payload;
  intent.allocation.reset();
  intent.decision.reason = allocation->reason;
  return {};
}

Result<domain::Provisioning> still_enrolled(const Cache& cache, ports::Crypto& crypto,
                                            const domain::IdScope& tenant, domain::Intent& intent) {
  const auto enrollments = cache.enrollments(tenant);
  const auto individual = enrollments->individual(intent.registration_id);
  if (!individual) return individual.error();
  const Result<bool> blocked = enrollments->is_blocked(intent.registration_id);
  if (!blocked) return blocked.error();
  // A disabled individual blocks its device whatever a group says (design section 3.2).
  const bool is_disabled =
      *blocked || (individual->has_value() && (*individual)->record.provisioning.status ==
                                                  domain::ProvisioningStatus::disabled);
  if (is_disabled) {
    return Error{Errc::disabled, "the individual enrollment was disabled meanwhile"};
  }
  if (intent.enrollment.is_group) return enabled_group(*enrollments, crypto, intent);
  if (!individual->has_value()) {
    return Error{Errc::unauthorized, "the individual enrollment was deleted meanwhile"};
  }
  intent.enrollment.version = (*individual)->version;
  const auto* keys =
      std::get_if<domain::SymmetricKeyAttestation>(&(*individual)->record.attestation);
  if (keys != nullptr) refresh_keys(*keys, intent);
  return (*individual)->record.provisioning;
}

Result<std::optional<domain::LinkedHub>> find_linked_hub(const Cache& cache,
                                                         const domain::IdScope& tenant,
                                                         const domain::HubId& hub) {
  Result<std::vector<domain::LinkedHub>> hubs = cache.hubs(tenant);
  if (!hubs) return hubs.error();
  const auto found = std::find_if(hubs->begin(), hubs->end(),
                                  [&](const domain::LinkedHub& h) { return h.hub_id == hub; });
  if (found == hubs->end()) return std::optional<domain::LinkedHub>();
  return std::optional<domain::LinkedHub>(std::move(*found));
}

}  // namespace berth::gateway
