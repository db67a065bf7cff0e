#include "coordinator/explain/considered.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "coordinator/explain/only_one.hpp"
#include "shared/base/encoding.hpp"
#include "shared/protocol/sync/record_codec.hpp"

namespace berth::coordinator {
namespace {

using domain::AttestationType;

AttestationType type_of(const domain::Attestation& attestation) {
  if (std::holds_alternative<domain::SymmetricKeyAttestation>(attestation)) {
    return AttestationType::symmetric_key;
  }
  if (std::holds_alternative<domain::X509Attestation>(attestation)) return AttestationType::x509;
  return AttestationType::tpm;
}

std::string ca_names(const domain::X509Attestation& x509) {
  std::string names;
  for (const std::string* name : {&x509.primary_ca_name, &x509.secondary_ca_name}) {
    if (name->empty()) continue;
    if (!names.empty()) names += " or ";
    names += "'" + *name + "'";
  }
  return names;
}

std::string certificate_needed(const domain::X509Attestation& x509,
                               const domain::RegistrationId& id) {
  const std::string named = "a certificate with the common name " + id.str();
  switch (x509.kind) {
    case domain::X509Attestation::Kind::client_certificates:
      return "exactly the certificate that is enrolled, with its private key";
    case domain::X509Attestation::Kind::signing_certificates:
      return named + " whose chain leads to the enrollment's CA certificate";
    case domain::X509Attestation::Kind::ca_references:
      return named + " whose chain leads to the uploaded CA certificate " + ca_names(x509);
  }
  return {};
}

std::string needed(const domain::Attestation& attestation, bool is_group,
                   const domain::RegistrationId& id) {
  if (std::holds_alternative<domain::SymmetricKeyAttestation>(attestation)) {
    return is_group ? "a SAS token signed with a key derived from the group's primary or secondary "
                      "key for the registration ID " +
                          id.str()
                    : std::string(
                          "a SAS token signed with the enrollment's primary or secondary "
                          "key");
  }
  if (const auto* x509 = std::get_if<domain::X509Attestation>(&attestation)) {
    return certificate_needed(*x509, id);
  }
  if (is_group) {
    return "a TPM that is on the group's list or whose maker the group trusts, over HTTPS or AMQP";
  }
  return "the TPM that is enrolled, over HTTPS or AMQP";
}

AttestationType shown_by(const domain::Evidence& evidence) {
  if (evidence.tpm) return AttestationType::tpm;
  if (!evidence.chain.empty()) return AttestationType::x509;
  return AttestationType::symmetric_key;
}

std::string what_is_shown(AttestationType type) {
  switch (type) {
    case AttestationType::symmetric_key: return "a SAS token";
    case AttestationType::x509: return "a certificate";
    case AttestationType::tpm: return "a TPM";
  }
  return {};
}

// Which of its secrets came how near is never said.
std::string misfit(AttestationType type, bool is_group) {
  switch (type) {
    case AttestationType::symmetric_key:
      return is_group ? "the SAS token was not made with a key of this group"
                      : "the SAS token was not made with a key of this enrollment";
    case AttestationType::x509:
      return is_group ? "the certificate chain does not lead to a CA certificate of this group"
                      : "the certificate is not one of this enrollment";
    case AttestationType::tpm:
      return is_group ? "the group does not admit this TPM" : "the TPM is not the one enrolled";
  }
  return {};
}

template <class Record>
ConsideredEnrollment described(const Record& record, domain::EnrollmentRef enrollment,
                               const domain::RegistrationId& id) {
  ConsideredEnrollment one;
  one.attestation = type_of(record.attestation);
  one.is_enabled = record.provisioning.status == domain::ProvisioningStatus::enabled;
  one.needs = needed(record.attestation, enrollment.is_group, id);
  one.sites = record.provisioning.sites;
  one.enrollment = std::move(enrollment);
  return one;
}

bool is_same(const domain::EnrollmentRef& a, const domain::EnrollmentRef& b) {
  return a.is_group == b.is_group && equals_ignoring_case(a.id, b.id);
}

class Judge {
 public:
  Judge(domain::EnrollmentLookup& enrollments, ports::Crypto& crypto, const ExplainRequest& request,
        const std::optional<domain::EnrollmentRef>& answering)
      : enrollments_(enrollments), crypto_(crypto), request_(request), answering_(answering) {}

  void judge(ConsideredEnrollment& one) const {
    const bool is_answering = answering_ && is_same(*answering_, one.enrollment);
    if (!request_.evidence) {
      judge_without_evidence(is_answering, one);
      return;
    }
    const domain::Evidence& evidence = *request_.evidence;
    // A disabled individual enrollment refuses whatever is shown.
    const bool looks = one.enrollment.is_group || one.is_enabled;
    if (looks && shown_by(evidence) != one.attestation) {
      one.fit = is_answering ? Fit::answers : Fit::does_not_fit;
      one.text = "it asks for " + what_is_shown(one.attestation) + ", and the device showed " +
                 what_is_shown(shown_by(evidence));
      return;
    }
    OnlyOne alone(enrollments_, one.enrollment);
    domain::MatchRequest match;
    match.id_scope = request_.tenant;
    match.registration_id = request_.registration_id;
    match.evidence = evidence;
    match.now = request_.now;
    domain::DecisionTrace trace;
    const domain::Verdict verdict = domain::match(match, alone, crypto_, {}, &trace);
    one.checks = std::move(trace.checks);
    tell(verdict, is_answering, one);
  }

 private:
  void judge_without_evidence(bool is_answering, ConsideredEnrollment& one) const {
    if (is_answering) {
      one.fit = Fit::answers;
      one.text = one.is_enabled ? "it answers for the device" : "it is disabled";
      return;
    }
    if (answering_ && !answering_->is_group) {
      one.text = "an individual enrollment of that ID comes before it";
      return;
    }
    one.text = "it takes devices that show " + one.needs;
    if (!one.is_enabled) one.text += "; it is disabled, and refuses them";
  }

  static void tell(const domain::Verdict& verdict, bool is_answering, ConsideredEnrollment& one) {
    const auto* refusal = std::get_if<domain::Refusal>(&verdict);
    if (refusal == nullptr) {
      one.fit = is_answering ? Fit::answers : Fit::comes_second;
      one.text = is_answering ? "it answers for the device"
                              : "it would take the device, but another enrollment comes first";
      return;
    }
    if (refusal->matched_nothing) {
      one.fit = is_answering ? Fit::answers : Fit::does_not_fit;
      one.text = misfit(one.attestation, one.enrollment.is_group);
      return;
    }
    one.fit = is_answering ? Fit::answers : Fit::refuses;
    one.text = "it would refuse the device: " + refusal->error.reason;
  }

  domain::EnrollmentLookup& enrollments_;
  ports::Crypto& crypto_;
  const ExplainRequest& request_;
  const std::optional<domain::EnrollmentRef>& answering_;
};

// Every group of the tenant, in the order of their IDs.
Result<std::vector<ConsideredEnrollment>> all_groups(const store::Reader& records,
                                                     const ExplainRequest& request) {
  std::vector<ConsideredEnrollment> groups;
  std::string continuation;
  do {
    const auto page =
        records.list(request.tenant, store::Table::enrollment_group, continuation, store::kMaxPage);
    if (!page) return page.error();
    for (const store::Record& record : page->records) {
      const auto group = sync::decode<domain::EnrollmentGroup>(record.body);
      if (!group) return group.error();
      groups.push_back(described(*group, {true, group->group_id.str(), record.version},
                                 request.registration_id));
    }
    continuation = page->continuation;
  } while (!continuation.empty());
  std::ranges::sort(groups, {}, [](const auto& one) { return to_lower(one.enrollment.id); });
  return groups;
}

}  // namespace

Result<Considered> consider_enrollments(const store::Reader& records,
                                        domain::EnrollmentLookup& enrollments,
                                        ports::Crypto& crypto, const ExplainRequest& request,
                                        const std::optional<domain::EnrollmentRef>& answering) {
  Considered considered;
  const auto individual = enrollments.individual(request.registration_id);
  if (!individual) return individual.error();
  if (*individual) {
    const auto& found = **individual;
    considered.enrollments.push_back(
        described(found.record, {false, found.record.registration_id.str(), found.version},
                  request.registration_id));
  }
  auto groups = all_groups(records, request);
  if (!groups) return groups.error();
  // The one that answers is among those told of.
  if (answering) {
    std::ranges::stable_partition(
        *groups, [&](const auto& one) { return is_same(one.enrollment, *answering); });
  }
  if (groups->size() > kMaxExplainedGroups) {
    considered.left_out = groups->size() - kMaxExplainedGroups;
    groups->resize(kMaxExplainedGroups);
  }
  std::move(groups->begin(), groups->end(), std::back_inserter(considered.enrollments));
  const Judge judge(enrollments, crypto, request, answering);
  for (ConsideredEnrollment& one : considered.enrollments) judge.judge(one);
  return considered;
}

}  // namespace berth::coordinator
