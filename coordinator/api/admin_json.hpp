// The JSON of /berth/v1's resources (contract.md names none of it: the OpenAPI document beside this
// file is the reference).
#pragma once

#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "coordinator/store/versioned.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/admitted_tpm.hpp"
#include "shared/domain/model/authority.hpp"
#include "shared/domain/model/ca_certificate.hpp"
#include "shared/domain/model/gateway.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/domain/model/tenant.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/protocol/http/message.hpp"

namespace berth::coordinator {

// "EnrollmentRead, EnrollmentWrite" (service API 1.10).
[[nodiscard]] std::string rights_text(domain::AccessRights rights);
// Errc::invalid for a name that is none, or none at all.
[[nodiscard]] Result<domain::AccessRights> read_rights(std::string_view text);

enum class PolicyKeys : std::uint8_t { shown, hidden };

[[nodiscard]] boost::json::object write_tenant(const Versioned<domain::TenantSettings>& tenant);
[[nodiscard]] boost::json::object write_policy(const Versioned<domain::AccessPolicy>& policy,
                                               PolicyKeys keys);
// Asked for, it is shown once; any list of certificates would show it to readers too.
enum class VerificationCode : std::uint8_t { shown, hidden };
[[nodiscard]] boost::json::object write_ca_certificate(
    const Versioned<domain::CaCertificate>& certificate, VerificationCode code,
    ports::Crypto& crypto);
[[nodiscard]] boost::json::object write_admitted_tpm(const domain::AdmittedTpm& tpm);
// `policy_name` is the credential's; its key is never shown.
[[nodiscard]] boost::json::object write_hub(const Versioned<domain::LinkedHub>& hub,
                                            const std::string& policy_name);
[[nodiscard]] boost::json::object write_site(const Versioned<domain::Site>& site);
[[nodiscard]] boost::json::object write_gateway(const Versioned<domain::Gateway>& gateway);
// With what only the admin sees: who decided, on what, and why the last attempt failed.
[[nodiscard]] boost::json::object write_registration(
    const Versioned<domain::Registration>& registration);
// And how that came about: the traces of the registration and of its last attempt.
[[nodiscard]] boost::json::object write_registration_with_decision(
    const Versioned<domain::Registration>& registration);
[[nodiscard]] boost::json::object write_quarantined(const domain::QuarantinedOutcome& outcome);

// {"value": […]}, with "continuation" if there is more.
[[nodiscard]] http::Response list_answer(boost::json::array rows,
                                         const std::string& continuation = {});

// Errc::version_mismatch if the request has an If-Match that is not `etag`.
[[nodiscard]] Result<void> check_if_match(const http::Request& request, const std::string& etag);

}  // namespace berth::coordinator
