#include "coordinator/explain/supposition.hpp"

#include <string>
#include <utility>

#include "shared/domain/reprovision.hpp"

namespace berth::coordinator {
namespace {

bool is_disabled(const domain::Provisioning& provisioning) {
  return provisioning.status == domain::ProvisioningStatus::disabled;
}

Supposition of_individual(domain::Versioned<domain::IndividualEnrollment> found) {
  Supposition supposed;
  supposed.enrollment = {false, found.record.registration_id.str(), found.version};
  supposed.device_id =
      found.record.device_id.value_or(domain::DeviceId(found.record.registration_id.str()));
  supposed.provisioning = std::move(found.record.provisioning);
  return supposed;
}

Supposition of_group(domain::Versioned<domain::EnrollmentGroup> found,
                     const domain::RegistrationId& id) {
  Supposition supposed;
  supposed.enrollment = {true, found.record.group_id.str(), found.version};
  supposed.device_id = domain::DeviceId(id.str());
  supposed.provisioning = std::move(found.record.provisioning);
  return supposed;
}

Result<std::optional<Supposition>> suppose_group(
    domain::EnrollmentLookup& enrollments, const domain::RegistrationId& id,
    const domain::EnrollmentGroupId& group,
    const std::optional<domain::Registration>& registration) {
  auto found = enrollments.group(group);
  if (!found) return found.error();
  if (!*found) return std::optional<Supposition>{};
  Supposition supposed = of_group(std::move(**found), id);
  if (const auto bound = domain::check_binding(registration, supposed.enrollment); !bound) {
    return bound.error();
  }
  if (is_disabled(supposed.provisioning)) {
    return Error{Errc::disabled, "the enrollment group " + group.str() + " is disabled"};
  }
  return std::optional(std::move(supposed));
}

}  // namespace

Result<std::optional<Supposition>> suppose_enrollment(
    domain::EnrollmentLookup& enrollments, const domain::RegistrationId& id,
    const std::optional<domain::EnrollmentGroupId>& named,
    const std::optional<domain::Registration>& registration) {
  auto individual = enrollments.individual(id);
  if (!individual) return individual.error();
  if (*individual) {
    Supposition supposed = of_individual(std::move(**individual));
    if (!is_disabled(supposed.provisioning)) return std::optional(std::move(supposed));
    return Error{Errc::disabled,
                 "the individual enrollment " + supposed.enrollment.id + " is disabled"};
  }
  const auto blocked = enrollments.is_blocked(id);
  if (!blocked) return blocked.error();
  if (*blocked) {
    return Error{Errc::disabled, "a disabled individual enrollment of another site names this ID"};
  }
  if (named) {
    auto supposed = suppose_group(enrollments, id, *named, registration);
    if (supposed && !*supposed) {
      return Error{Errc::group_not_found, "there is no enrollment group " + named->str() + " here"};
    }
    return supposed;
  }
  if (!domain::is_assignment(registration)) return std::optional<Supposition>{};
  // No other record may take an assignment over but an individual one, and there is none.
  const domain::EnrollmentRef& bound = registration->enrollment;
  const auto group = domain::EnrollmentGroupId::parse(bound.id);
  if (bound.is_group && group) {
    auto supposed = suppose_group(enrollments, id, *group, registration);
    if (!supposed || *supposed) return supposed;
  }
  return Error{Errc::unauthorized,
               std::string(bound.is_group ? "enrollment group " : "individual enrollment ") +
                   bound.id + ", to which the registration belongs, is not there any more"};
}

Result<Supposition> suppose(domain::EnrollmentLookup& enrollments, const domain::RegistrationId& id,
                            const domain::EnrollmentRef& enrollment) {
  const Error gone{Errc::unavailable, "the enrollment went away while it was looked at"};
  if (!enrollment.is_group) {
    auto found = enrollments.individual(id);
    if (!found) return found.error();
    if (!*found) return gone;
    return of_individual(std::move(**found));
  }
  const auto group = domain::EnrollmentGroupId::parse(enrollment.id);
  if (!group) return gone;
  auto found = enrollments.group(*group);
  if (!found) return found.error();
  if (!*found) return gone;
  return of_group(std::move(**found), id);
}

}  // namespace berth::coordinator
