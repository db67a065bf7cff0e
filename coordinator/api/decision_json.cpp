#include "coordinator/api/decision_json.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "shared/base/timestamp.hpp"
#include "shared/json/enrollment_json.hpp"

namespace berth::coordinator {
namespace {

namespace bj = boost::json;

std::string_view result_text(domain::CheckResult result) {
  switch (result) {
    case domain::CheckResult::passed: return "passed";
    case domain::CheckResult::failed: return "failed";
    case domain::CheckResult::not_reached: return "notReached";
  }
  return {};
}

std::string_view source_text(domain::PolicySource source) {
  switch (source) {
    case domain::PolicySource::none: return "none";
    case domain::PolicySource::enrollment: return "enrollment";
    case domain::PolicySource::legacy_host_name: return "iotHubHostName";
    case domain::PolicySource::service_default: return "tenant";
  }
  return {};
}

void add_text(bj::object& to, std::string_view name, const std::string& text) {
  if (!text.empty()) to[name] = text;
}

void add_count(bj::object& to, std::string_view name, std::uint32_t count) {
  if (count > 0) to[name] = count;
}

}  // namespace

bj::array write_checks(const std::vector<domain::DecisionCheck>& checks) {
  bj::array rows;
  for (const domain::DecisionCheck& check : checks) {
    bj::object row;
    row["name"] = check.name;
    row["result"] = result_text(check.result);
    add_text(row, "text", check.text);
    rows.push_back(std::move(row));
  }
  return rows;
}

bj::array write_candidates(const std::vector<domain::DecisionCandidate>& candidates) {
  bj::array rows;
  for (const domain::DecisionCandidate& candidate : candidates) {
    bj::object row;
    row["hubId"] = candidate.hub_id.str();
    row["hostName"] = candidate.host_name;
    row["weight"] = candidate.weight;
    if (candidate.latency) {
      row["latencyMs"] = static_cast<double>(candidate.latency->count()) / 1000.0;
    }
    // As text: readers of JSON keep no more than 53 bits of a number.
    if (candidate.score) row["score"] = std::to_string(*candidate.score);
    add_text(row, "remark", candidate.remark);
    rows.push_back(std::move(row));
  }
  return rows;
}

bj::object write_decision(const domain::DecisionTrace& trace) {
  bj::object body;
  if (!trace.checks.empty()) body["checks"] = write_checks(trace.checks);
  add_count(body, "checksLeftOut", trace.checks_left_out);
  if (trace.policy) {
    body["policy"] = json::allocation_policy_text(*trace.policy);
    body["policySource"] = source_text(trace.policy_source);
  }
  if (!trace.candidates.empty()) body["candidates"] = write_candidates(trace.candidates);
  add_count(body, "candidatesLeftOut", trace.candidates_left_out);
  add_text(body, "hubId", trace.hub_id.str());
  add_text(body, "hub", trace.host_name);
  add_text(body, "reason", trace.reason);
  bj::array attempts;
  for (const domain::TracedAttempt& attempt : trace.attempts) {
    bj::object row;
    row["hub"] = attempt.host_name;
    row["atUtc"] = to_iso8601(attempt.at);
    row["end"] = attempt.end.empty() ? std::string("well") : attempt.end;
    attempts.push_back(std::move(row));
  }
  if (!attempts.empty()) body["attempts"] = std::move(attempts);
  add_count(body, "attemptsLeftOut", trace.attempts_left_out);
  add_text(body, "hubCall", trace.hub_call);
  return body;
}

}  // namespace berth::coordinator
