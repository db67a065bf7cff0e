#include "coordinator/explain/plain_words.hpp"

#include <algorithm>

#include "shared/base/timestamp.hpp"
#include "shared/protocol/errors.hpp"

namespace berth::coordinator {
namespace {

using Lines = std::vector<std::string>;

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty()) text += ", ";
    text += item;
  }
  return text;
}

std::string candidates_of(const domain::DecisionTrace& trace) {
  std::vector<std::string> names;
  for (const auto& candidate : trace.candidates) names.push_back(candidate.host_name);
  if (trace.candidates_left_out > 0) {
    names.push_back("and " + std::to_string(trace.candidates_left_out) + " more");
  }
  return joined(names);
}

std::string milliseconds(std::chrono::microseconds time) {
  const auto tenths = time.count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " ms";
}

const ConsideredEnrollment* answering(const Explanation& explanation) {
  const auto found = std::ranges::find_if(explanation.considered,
                                          [](const auto& one) { return one.fit == Fit::answers; });
  return found == explanation.considered.end() ? nullptr : &*found;
}

// "If dev-1 shows …, it would", or "dev-1 would" where it has shown it.
std::string subject(const ExplainRequest& request, const Explanation& explanation) {
  const std::string& id = request.registration_id.str();
  const ConsideredEnrollment* one = answering(explanation);
  if (request.evidence || one == nullptr) return id + " would";
  return "If " + id + " shows " + one->needs + ", it would";
}

std::string headline(const ExplainRequest& request, const Explanation& explanation) {
  const Prospect& prospect = explanation.prospect;
  const std::string who = subject(request, explanation);
  const std::string& hub = prospect.plan.host_name;
  switch (prospect.outcome) {
    case Outcome::assigned:
      return who + " be accepted and put into hub " + hub + " as device " +
             prospect.plan.device_id.str() + ".";
    case Outcome::stays: return who + " be accepted and stay in hub " + hub + ".";
    case Outcome::moves:
      return who + " be accepted and move from hub " +
             (explanation.registration ? explanation.registration->record.assigned_hub : "") +
             " to hub " + hub + ".";
    case Outcome::webhook:
      return who + " be accepted. The webhook of its enrollment would then choose its hub among " +
             candidates_of(prospect.trace) + "; it is not called to explain.";
    case Outcome::unmeasured:
      return who + " be accepted and get the nearest hub of " + candidates_of(prospect.trace) +
             ". Which one that is, is measured at the gateway and not known here; give round trips "
             "to see what follows from them.";
    case Outcome::refused:
      return request.registration_id.str() + " would be refused: " + prospect.error.reason + ".";
    case Outcome::undecided:
      return "No individual enrollment names " + request.registration_id.str() +
             ". Whether an enrollment group takes it depends on what it shows; no evidence was "
             "given.";
  }
  return {};
}

void tell_of_enrollments(const Explanation& explanation, Lines& lines) {
  const ConsideredEnrollment* first = answering(explanation);
  if (first != nullptr) {
    std::string line = "Decided by " + name_of(first->enrollment);
    if (!first->sites.empty()) {
      std::vector<std::string> sites;
      for (const auto& site : first->sites) sites.push_back(site.str());
      line += ", which only gateways at " + joined(sites) + " serve";
    }
    lines.push_back(line + ".");
  }
  for (const ConsideredEnrollment& one : explanation.considered) {
    if (&one == first) continue;
    std::string name = name_of(one.enrollment);
    name[0] = name[0] == 'e' ? 'E' : 'I';
    lines.push_back(name + ": " + one.text + ".");
  }
  if (explanation.considered.empty())
    lines.emplace_back("There is no enrollment at all that could take it.");
  if (explanation.left_out > 0) {
    lines.push_back(std::to_string(explanation.left_out) +
                    " more enrollment groups were not looked at one by one.");
  }
}

std::string policy_name(domain::AllocationPolicy policy) {
  switch (policy) {
    case domain::AllocationPolicy::hashed: return "evenly weighted (hashed)";
    case domain::AllocationPolicy::geo_latency: return "lowest latency (geoLatency)";
    case domain::AllocationPolicy::static_hub: return "static";
    case domain::AllocationPolicy::custom: return "custom (a webhook)";
  }
  return {};
}

std::string source_of(domain::PolicySource source) {
  switch (source) {
    case domain::PolicySource::none: return {};
    case domain::PolicySource::enrollment: return ", as its enrollment says";
    case domain::PolicySource::legacy_host_name:
      return ", since its enrollment names a hub in iotHubHostName";
    case domain::PolicySource::service_default: return ", the default of the tenant";
  }
  return {};
}

std::string_view result_of(domain::CheckResult result) {
  switch (result) {
    case domain::CheckResult::passed: return "Passed: ";
    case domain::CheckResult::failed: return "Failed: ";
    case domain::CheckResult::not_reached: return "Not reached: ";
  }
  return {};
}

// Each check in its order, as far as it came.
void tell_of_checks(const domain::DecisionTrace& trace, Lines& lines) {
  for (const domain::DecisionCheck& check : trace.checks) {
    std::string line = std::string(result_of(check.result)) + check.name;
    if (!check.text.empty()) line += " (" + check.text + ")";
    lines.push_back(line + ".");
  }
}

void tell_of_hubs(const Explanation& explanation, Lines& lines) {
  const domain::DecisionTrace& trace = explanation.prospect.trace;
  if (trace.policy) {
    lines.push_back("The policy is " + policy_name(*trace.policy) + source_of(trace.policy_source) +
                    ".");
  }
  for (const domain::DecisionCandidate& candidate : trace.candidates) {
    std::string line = "Hub " + candidate.host_name + " may be chosen, with weight " +
                       std::to_string(candidate.weight);
    if (candidate.latency) line += ", " + milliseconds(*candidate.latency) + " away";
    if (!candidate.remark.empty()) line += " (" + candidate.remark + ")";
    lines.push_back(line + ".");
  }
  if (explanation.prospect.by_kept_latencies) {
    lines.emplace_back(
        "The round trips are those that the device's gateway measured when it registered last.");
  }
  if (!trace.reason.empty()) lines.push_back("Choice: " + trace.reason + ".");
  if (!trace.hub_call.empty()) lines.push_back("Then: " + trace.hub_call + ".");
}

void tell_of_refusal(const Explanation& explanation, Lines& lines) {
  const auto& told = protocol::device_error(explanation.prospect.error.code);
  lines.push_back("The device is told " + std::to_string(told.error_code) + " (" +
                  std::string(told.message) + "), and nothing more.");
}

void tell_of_the_past(const domain::Registration& registration, Lines& lines) {
  if (domain::is_assignment(registration)) {
    lines.push_back(
        "Today it is in hub " + registration.assigned_hub + ", since " +
        to_iso8601(registration.updated) +
        (registration.decision.reason.empty() ? "" : ": " + registration.decision.reason) + ".");
  }
  if (registration.last_attempt) {
    lines.push_back("Its last attempt failed at " + to_iso8601(registration.last_attempt->at) +
                    ": " + registration.last_attempt->reason + ".");
  }
}

}  // namespace

std::vector<std::string> plain_words(const ExplainRequest& request,
                                     const Explanation& explanation) {
  Lines lines{headline(request, explanation)};
  if (explanation.prospect.outcome == Outcome::refused) tell_of_refusal(explanation, lines);
  tell_of_checks(explanation.prospect.trace, lines);
  tell_of_enrollments(explanation, lines);
  tell_of_hubs(explanation, lines);
  if (explanation.registration) tell_of_the_past(explanation.registration->record, lines);
  if (request.evidence && request.evidence->tpm) {
    lines.emplace_back(
        "Whether the device really has that TPM is proved by a challenge when it registers.");
  }
  lines.emplace_back(
      "Not looked at: whether the gateway has heard of the latest changes and may admit it, and "
      "whether the hub takes it.");
  return lines;
}

}  // namespace berth::coordinator
