// /berth/v1/registrations:explain: what a gateway would make of a device, and why. Changes nothing.
#include <string>
#include <utility>

#include <boost/json/array.hpp>

#include "coordinator/api/admin_api.hpp"
#include "coordinator/api/admin_json.hpp"
#include "coordinator/api/allocation_change_json.hpp"
#include "coordinator/api/answers.hpp"
#include "coordinator/api/decision_json.hpp"
#include "coordinator/api/evidence_json.hpp"
#include "coordinator/explain/explanation.hpp"
#include "coordinator/store/gateways.hpp"
#include "shared/json/json_text.hpp"
#include "shared/protocol/errors.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;

std::string_view attestation_text(domain::AttestationType type) {
  switch (type) {
    case domain::AttestationType::symmetric_key: return "symmetricKey";
    case domain::AttestationType::x509: return "x509";
    case domain::AttestationType::tpm: return "tpm";
  }
  return {};
}

void add_enrollment(bj::object& to, const domain::EnrollmentRef& enrollment) {
  to[enrollment.is_group ? "enrollmentGroupId" : "enrollmentId"] = enrollment.id;
}

bj::array write_considered(const std::vector<ConsideredEnrollment>& considered) {
  bj::array rows;
  for (const ConsideredEnrollment& one : considered) {
    bj::object row;
    add_enrollment(row, one.enrollment);
    row["attestationType"] = attestation_text(one.attestation);
    row["provisioningStatus"] = one.is_enabled ? "enabled" : "disabled";
    row["result"] = fit_text(one.fit);
    row["text"] = one.text;
    row["needs"] = one.needs;
    if (!one.sites.empty()) {
      bj::array sites;
      for (const domain::SiteId& site : one.sites) sites.emplace_back(site.str());
      row["sites"] = std::move(sites);
    }
    if (!one.checks.empty()) row["checks"] = write_checks(one.checks);
    rows.push_back(std::move(row));
  }
  return rows;
}

bj::object write_explanation(const ExplainRequest& request, const Explanation& explanation) {
  bj::object body;
  body["registrationId"] = request.registration_id.str();
  body["outcome"] = outcome_text(explanation.prospect.outcome);
  bj::array lines;
  for (const std::string& line : explanation.text) lines.emplace_back(line);
  body["text"] = std::move(lines);
  if (explanation.prospect.outcome == Outcome::refused) {
    const auto& told = protocol::device_error(explanation.prospect.error.code);
    body["errorCode"] = told.error_code;
    body["message"] = std::string(told.message);
    body["reason"] = explanation.prospect.error.reason;
  }
  if (explanation.enrollment) add_enrollment(body, *explanation.enrollment);
  body["enrollments"] = write_considered(explanation.considered);
  if (explanation.left_out > 0) body["enrollmentsLeftOut"] = explanation.left_out;
  body["decision"] = write_decision(explanation.prospect.trace);
  if (explanation.registration) {
    body["registration"] = write_registration_with_decision(*explanation.registration);
  }
  return body;
}

Result<ExplainRequest> read_request(const bj::object& body, ports::Crypto& crypto) {
  ExplainRequest request;
  const auto id_text = json::find_string(body, "registrationId");
  if (!id_text) return id_text.error();
  if (!*id_text) return Error{Errc::invalid, "'registrationId' is missing"};
  auto id = domain::RegistrationId::parse(**id_text);
  if (!id) return id.error();
  request.registration_id = std::move(*id);
  const auto evidence = json::find_object(body, "evidence");
  if (!evidence) return evidence.error();
  if (*evidence != nullptr) {
    auto read = read_evidence(**evidence, crypto);
    if (!read) return read.error();
    request.evidence = std::move(*read);
  }
  const auto group_text = json::find_string(body, "enrollmentGroupId");
  if (!group_text) return group_text.error();
  if (*group_text) {
    if (request.evidence) {
      return Error{Errc::invalid,
                   "'enrollmentGroupId' says which group to suppose where there is no evidence"};
    }
    auto group = domain::EnrollmentGroupId::parse(**group_text);
    if (!group) return group.error();
    request.group = std::move(*group);
  }
  auto site = json::find_string(body, "site");
  if (!site) return site.error();
  if (*site) {
    if (const auto named = check_name("'site'", **site); !named) return named.error();
    request.site = domain::SiteId(std::move(**site));
  }
  return request;
}

Result<http::Response> explain_registration(const Catalog& catalog, ports::Crypto& crypto,
                                            ports::Clock& clock, const Call& call) {
  const auto body = read_body(call.request);
  if (!body) return body.error();
  auto request = read_request(*body, crypto);
  if (!request) return request.error();
  request->tenant = call.tenant;
  request->now = clock.wall();
  auto ground = present_ground(catalog, call.tenant);
  if (!ground) return ground.error();
  auto latencies = read_latencies(*body, *ground, {});
  if (!latencies) return latencies.error();
  ground->latencies = std::move(*latencies);
  const auto explanation = explain(catalog, crypto, *ground, *request);
  if (!explanation) return explanation.error();
  return json_answer(200, write_explanation(*request, *explanation));
}

}  // namespace

std::vector<Endpoint> explain_endpoints(const Catalog& catalog, ports::Crypto& crypto,
                                        ports::Clock& clock) {
  // It tells of enrollments and of registrations.
  const Access read = tenant_with(domain::AccessRight::enrollment_read,
                                  domain::AccessRight::registration_status_read);
  return {
      {"POST", "/berth/v1/registrations:explain", read, false,
       [&](const Call& call) { return explain_registration(catalog, crypto, clock, call); }, true},
  };
}

}  // namespace berth::coordinator
