#include "coordinator/api/admin_json.hpp"

#include <array>
#include <utility>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/authorization.hpp"
#include "coordinator/api/decision_json.hpp"
#include "coordinator/api/paging.hpp"
#include "coordinator/store/etag.hpp"
#include "shared/base/encoding.hpp"
#include "shared/json/certificate_json.hpp"
#include "shared/json/certificate_text.hpp"
#include "shared/json/enrollment_json.hpp"
#include "shared/json/registration_json.hpp"
#include "shared/protocol/connection_string.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;

constexpr std::array<domain::AccessRight, 6> kRights{
    domain::AccessRight::service_config,
    domain::AccessRight::enrollment_read,
    domain::AccessRight::enrollment_write,
    domain::AccessRight::registration_status_read,
    domain::AccessRight::registration_status_write,
    domain::AccessRight::device_connect,
};

template <class T>
void add_stamps(bj::object& to, const Versioned<T>& record) {
  to["etag"] = etag_of(record.version, record.record.stamps.created);
  to["createdDateTimeUtc"] = to_iso8601(record.record.stamps.created);
  to["lastUpdatedDateTimeUtc"] = to_iso8601(record.record.stamps.updated);
}

void add_time(bj::object& to, std::string_view name, WallTime time) {
  if (time != WallTime{}) to[name] = to_iso8601(time);
}

void add_text(bj::object& to, std::string_view name, const std::string& text) {
  if (!text.empty()) to[name] = text;
}

std::string_view kind_text(domain::HubKind kind) {
  switch (kind) {
    case domain::HubKind::azure_iot_hub: return "azure-iot-hub";
    case domain::HubKind::mosquitto: return "mosquitto";
  }
  return {};
}

std::string_view apply_text(domain::HubApply apply) {
  switch (apply) {
    case domain::HubApply::gateway: return "gateway";
    case domain::HubApply::coordinator: return "coordinator";
  }
  return {};
}

std::string_view gateway_status_text(domain::GatewayStatus status) {
  switch (status) {
    case domain::GatewayStatus::joining: return "joining";
    case domain::GatewayStatus::active: return "active";
    case domain::GatewayStatus::disabled: return "disabled";
    case domain::GatewayStatus::removed: return "removed";
  }
  return {};
}

std::string_view attestation_text(domain::AttestationType type) {
  switch (type) {
    case domain::AttestationType::symmetric_key: return "symmetricKey";
    case domain::AttestationType::x509: return "x509";
    case domain::AttestationType::tpm: return "tpm";
  }
  return {};
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

}  // namespace

std::string rights_text(domain::AccessRights rights) {
  std::string text;
  for (const domain::AccessRight right : kRights) {
    if (!domain::allows(rights, right)) continue;
    if (!text.empty()) text += ", ";
    text += right_text(right);
  }
  return text;
}

Result<domain::AccessRights> read_rights(std::string_view text) {
  domain::AccessRights rights = 0;
  while (!text.empty()) {
    const std::size_t end = text.find(',');
    const std::string name = trimmed(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    bool is_known = false;
    for (const domain::AccessRight right : kRights) {
      if (!equals_ignoring_case(name, right_text(right))) continue;
      rights = static_cast<domain::AccessRights>(rights | static_cast<unsigned>(right));
      is_known = true;
    }
    if (!is_known) {
      return Error{Errc::invalid, "'rights' lists names out of " +
                                      rights_text(domain::kAllAccessRights) +
                                      ", separated by commas"};
    }
  }
  if (rights == 0) return Error{Errc::invalid, "'rights' must name at least one right"};
  return rights;
}

bj::object write_tenant(const Versioned<domain::TenantSettings>& tenant) {
  bj::object body;
  body["idScope"] = tenant.record.id_scope.str();
  body["name"] = tenant.record.name;
  bj::array host_names;
  for (const std::string& name : tenant.record.host_names) host_names.emplace_back(name);
  body["hostNames"] = std::move(host_names);
  body["allocationPolicy"] = json::allocation_policy_text(tenant.record.allocation_policy);
  add_stamps(body, tenant);
  return body;
}

bj::object write_policy(const Versioned<domain::AccessPolicy>& policy, PolicyKeys keys) {
  bj::object body;
  body["keyName"] = policy.record.key_name;
  if (keys == PolicyKeys::shown) {
    body["primaryKey"] = to_base64(policy.record.primary_key.reveal());
    body["secondaryKey"] = to_base64(policy.record.secondary_key.reveal());
  }
  body["rights"] = rights_text(policy.record.rights);
  add_stamps(body, policy);
  return body;
}

bj::object write_ca_certificate(const Versioned<domain::CaCertificate>& certificate,
                                VerificationCode code, ports::Crypto& crypto) {
  bj::object body;
  body["name"] = certificate.record.name;
  body["isVerified"] = certificate.record.is_verified;
  body["certificate"] = to_base64(certificate.record.certificate);
  if (const auto parsed = crypto.parse_certificate(certificate.record.certificate)) {
    body["info"] = json::certificate_info(*parsed);
  }
  if (code == VerificationCode::shown) {
    add_text(body, "verificationCode", certificate.record.verification_code);
  }
  add_stamps(body, certificate);
  return body;
}

bj::object write_hub(const Versioned<domain::LinkedHub>& hub, const std::string& policy_name) {
  const domain::LinkedHub& record = hub.record;
  bj::object body;
  body["hubId"] = record.hub_id.str();
  body["kind"] = kind_text(record.kind);
  body["hostName"] = record.host_name;
  body["registryUrl"] = record.registry_url;
  if (!policy_name.empty()) {
    switch (record.kind) {
      case domain::HubKind::azure_iot_hub:
        body["connectionString"] =
            protocol::write_connection_string(record.host_name, policy_name, SecretBytes{});
        break;
      case domain::HubKind::mosquitto: body["userName"] = policy_name; break;
    }
  }
  body["allocationWeight"] = record.allocation_weight;
  body["applyAllocationPolicy"] = record.apply_allocation_policy;
  add_text(body, "location", record.location);
  if (!record.probe_host.empty()) {
    const bool is_ipv6 = record.probe_host.find(':') != std::string::npos;
    std::string address = is_ipv6 ? "[" + record.probe_host + "]" : record.probe_host;
    if (record.probe_port != 0) address += ":" + std::to_string(record.probe_port);
    body["probeAddress"] = address;
  }
  body["requestsPerMinute"] = record.requests_per_minute;
  body["apply"] = apply_text(record.apply);
  if (!record.trusted_ca.empty()) {
    body["caCertificate"] = json::write_certificate_text(record.trusted_ca);
  }
  add_stamps(body, hub);
  return body;
}

bj::object write_admitted_tpm(const domain::AdmittedTpm& tpm) {
  bj::object body;
  body["endorsementKeyHash"] = to_hex(tpm.endorsement_key_sha256);
  body["enrollmentGroupId"] = tpm.group_id.str();
  // Without one of its own, the chip has the ID that its key makes (device API 4.7).
  body["registrationId"] =
      tpm.registration_id ? tpm.registration_id->str() : to_base32(tpm.endorsement_key_sha256);
  body["createdDateTimeUtc"] = to_iso8601(tpm.stamps.created);
  return body;
}

bj::object write_site(const Versioned<domain::Site>& site) {
  bj::object body;
  body["siteId"] = site.record.site_id.str();
  add_stamps(body, site);
  return body;
}

bj::object write_gateway(const Versioned<domain::Gateway>& gateway) {
  const domain::Gateway& record = gateway.record;
  bj::object body;
  body["gatewayId"] = record.gateway_id.str();
  body["name"] = record.name;
  body["site"] = record.site.str();
  bj::array tenants;
  for (const domain::IdScope& tenant : record.tenants) tenants.emplace_back(tenant.str());
  body["tenants"] = std::move(tenants);
  body["status"] = gateway_status_text(record.status);
  body["joinTokenReused"] = record.join_token_reused;
  add_time(body, "joinTokenExpiryUtc", record.join_token_expiry);
  add_time(body, "certificateExpiryUtc", record.certificate_expiry);
  add_time(body, "lastContactUtc", record.last_contact);
  add_stamps(body, gateway);
  return body;
}

bj::object write_registration(const Versioned<domain::Registration>& registration) {
  const domain::Registration& record = registration.record;
  const std::string etag = etag_of(registration.version, record.created);
  bj::object body = json::registration_state(record, etag.substr(1, etag.size() - 2));
  // Of a device that was only ever refused it is not known what it attested by.
  if (record.status == domain::RegistrationStatus::assigned && !record.enrollment.id.empty()) {
    body["attestationType"] = attestation_text(record.attestation);
  }
  if (!record.enrollment.id.empty()) {
    body[record.enrollment.is_group ? "enrollmentGroupId" : "enrollmentId"] = record.enrollment.id;
  }
  add_text(body, "hubId", record.hub_id.str());
  add_text(body, "gatewayId", record.gateway_id.str());
  add_time(body, "arrivalUtc", record.arrival);
  if (record.arrival_clamped) body["arrivalClamped"] = true;
  if (!record.credential_id.empty()) body["credentialId"] = record.credential_id;
  if (record.last_attempt) {
    bj::object attempt;
    attempt["atUtc"] = to_iso8601(record.last_attempt->at);
    attempt["errorCode"] = record.last_attempt->error_code;
    attempt["message"] = record.last_attempt->message;
    attempt["reason"] = record.last_attempt->reason;
    body["lastAttempt"] = std::move(attempt);
  }
  if (record.superseded) {
    bj::object other;
    other["gatewayId"] = record.superseded->gateway_id.str();
    other["assignedHub"] = record.superseded->assigned_hub;
    other["deviceId"] = record.superseded->device_id.str();
    other["arrivalUtc"] = to_iso8601(record.superseded->arrival);
    body["superseded"] = std::move(other);
  }
  return body;
}

bj::object write_registration_with_decision(const Versioned<domain::Registration>& registration) {
  bj::object body = write_registration(registration);
  const domain::Registration& record = registration.record;
  if (record.decision != domain::DecisionTrace{})
    body["decision"] = write_decision(record.decision);
  if (!record.last_attempt || record.last_attempt->decision == domain::DecisionTrace{}) return body;
  if (bj::object* attempt = body["lastAttempt"].if_object()) {
    (*attempt)["decision"] = write_decision(record.last_attempt->decision);
  }
  return body;
}

bj::object write_quarantined(const domain::QuarantinedOutcome& outcome) {
  bj::object body;
  body["gatewayId"] = outcome.gateway_id.str();
  body["incarnation"] = outcome.incarnation;
  body["sequence"] = outcome.entry.sequence;
  body["idScope"] = outcome.entry.id_scope.str();
  body["registrationId"] = outcome.entry.registration.registration_id.str();
  body["receivedUtc"] = to_iso8601(outcome.received);
  body["reason"] = outcome.reason;
  return body;
}

http::Response list_answer(bj::array rows, const std::string& continuation) {
  bj::object body;
  body["value"] = std::move(rows);
  if (!continuation.empty()) body["continuation"] = continuation_text(continuation);
  return json_answer(200, body);
}

Result<void> check_if_match(const http::Request& request, const std::string& etag) {
  const std::string_view if_match = request.headers.get("if-match");
  if (if_match.empty() || etag_matches(if_match, etag)) return {};
  return Error{Errc::version_mismatch, "the record was changed; read it again"};
}

}  // namespace berth::coordinator
