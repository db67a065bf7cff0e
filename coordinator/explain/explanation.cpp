#include "coordinator/explain/explanation.hpp"

#include <memory>
#include <utility>
#include <variant>

#include "coordinator/explain/considered.hpp"
#include "coordinator/explain/plain_words.hpp"
#include "coordinator/explain/site_view.hpp"
#include "shared/domain/reprovision.hpp"
#include "shared/protocol/sync/record_lookup.hpp"

namespace berth::coordinator {
namespace {

class Explainer {
 public:
  Explainer(domain::EnrollmentLookup& enrollments, ports::Crypto& crypto, const Ground& ground,
            const ExplainRequest& request, const std::optional<domain::Registration>& registration)
      : enrollments_(enrollments),
        crypto_(crypto),
        ground_(ground),
        request_(request),
        registration_(registration) {}

  // As a gateway takes a request: match, then the binding, then the hub.
  void judge_evidence(Explanation& explanation) {
    domain::MatchRequest match;
    match.id_scope = request_.tenant;
    match.registration_id = request_.registration_id;
    match.evidence = *request_.evidence;
    match.now = request_.now;
    if (domain::is_assignment(registration_)) match.bound_to = registration_->enrollment;
    domain::DecisionTrace trace;
    const domain::Verdict verdict = domain::match(match, enrollments_, crypto_, {}, &trace);
    if (const auto* refusal = std::get_if<domain::Refusal>(&verdict)) {
      explanation.enrollment = refusal->enrollment;
      refuse(refusal->error, std::move(trace), explanation);
      return;
    }
    if (const auto* due = std::get_if<domain::ChallengeDue>(&verdict)) {
      explanation.enrollment = due->enrollment;
    } else {
      explanation.enrollment = std::get_if<domain::Attested>(&verdict)->enrollment;
    }
    const auto bound = domain::check_binding(registration_, *explanation.enrollment);
    if (!bound) {
      refuse(bound.error(), std::move(trace), explanation);
      return;
    }
    const auto accepted = suppose(enrollments_, request_.registration_id, *explanation.enrollment);
    if (!accepted) {
      refuse(accepted.error(), std::move(trace), explanation);
      return;
    }
    explanation.prospect = foresee(ground_, request_.registration_id, *accepted, registration_,
                                   crypto_, std::move(trace));
  }

  // As far as it can be told without evidence.
  void suppose_proof(Explanation& explanation) {
    // One that names this ID decides, whatever it says.
    const auto individual = enrollments_.individual(request_.registration_id);
    if (individual && *individual) {
      const auto& found = **individual;
      explanation.enrollment = {false, found.record.registration_id.str(), found.version};
    }
    const auto supposed =
        suppose_enrollment(enrollments_, request_.registration_id, request_.group, registration_);
    if (!supposed) {
      domain::DecisionTrace trace;
      if (supposed.error().code == Errc::disabled) {
        domain::add_check(trace, "enrollment enabled", domain::CheckResult::failed,
                          supposed.error().reason);
        domain::add_check(trace, "proof", domain::CheckResult::not_reached);
      }
      refuse(supposed.error(), std::move(trace), explanation);
      return;
    }
    if (!*supposed) {
      explanation.prospect.outcome = Outcome::undecided;
      return;
    }
    explanation.enrollment = (*supposed)->enrollment;
    domain::DecisionTrace trace;
    domain::add_check(trace, "enrollment enabled", domain::CheckResult::passed,
                      name_of(*explanation.enrollment) + " is enabled");
    domain::add_check(trace, "proof", domain::CheckResult::not_reached,
                      "no evidence was given to judge");
    explanation.prospect = foresee(ground_, request_.registration_id, **supposed, registration_,
                                   crypto_, std::move(trace));
  }

 private:
  static void refuse(const Error& error, domain::DecisionTrace trace, Explanation& explanation) {
    explanation.prospect.outcome = Outcome::refused;
    explanation.prospect.error = error;
    explanation.prospect.trace = std::move(trace);
  }

  domain::EnrollmentLookup& enrollments_;
  ports::Crypto& crypto_;
  const Ground& ground_;
  const ExplainRequest& request_;
  const std::optional<domain::Registration>& registration_;
};

}  // namespace

std::string_view fit_text(Fit fit) {
  switch (fit) {
    case Fit::answers: return "answers";
    case Fit::comes_second: return "comesSecond";
    case Fit::does_not_fit: return "doesNotFit";
    case Fit::refuses: return "refuses";
    case Fit::not_judged: return "notJudged";
  }
  return {};
}

std::string name_of(const domain::EnrollmentRef& enrollment) {
  return (enrollment.is_group ? "enrollment group " : "individual enrollment ") + enrollment.id;
}

Result<Explanation> explain(const Catalog& catalog, ports::Crypto& crypto, const Ground& ground,
                            const ExplainRequest& request) {
  Explanation explanation;
  // What is shown to the admin has also what came to nothing; what decides is an assignment.
  auto state = catalog.registrations.state(request.tenant, request.registration_id);
  if (!state) return state.error();
  const auto found = catalog.registrations.find(request.tenant, request.registration_id);
  if (!found) return found.error();
  std::optional<domain::Registration> registration;
  if (*found) registration = (*found)->record;
  explanation.registration = std::move(*state);

  const SiteView records(catalog.reader(), crypto, request.site);
  sync::RecordLookup enrollments(records, crypto, request.tenant);
  Explainer explainer(enrollments, crypto, ground, request, registration);
  if (request.evidence) {
    explainer.judge_evidence(explanation);
  } else {
    explainer.suppose_proof(explanation);
  }
  auto considered =
      consider_enrollments(records, enrollments, crypto, request, explanation.enrollment);
  if (!considered) return considered.error();
  explanation.considered = std::move(considered->enrollments);
  explanation.left_out = considered->left_out;
  explanation.text = plain_words(request, explanation);
  return explanation;
}

}  // namespace berth::coordinator
