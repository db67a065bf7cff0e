#include "shared/store/index_terms.hpp"

#include <algorithm>
#include <set>
#include <variant>

#include "shared/base/encoding.hpp"
#include "shared/domain/attestation/endorsement_key.hpp"

namespace berth::store {
namespace {

void add_certificate(std::vector<IndexTerm>& terms, ByteView certificate, ports::Crypto& crypto) {
  if (certificate.empty()) return;
  terms.push_back({Index::certificate_thumbprint, certificate_term(certificate, crypto)});
}

void add_issuer(std::vector<IndexTerm>& terms, ByteView certificate, ports::Crypto& crypto) {
  if (certificate.empty()) return;
  const auto parsed = crypto.parse_certificate(certificate);
  if (!parsed) return;
  terms.push_back({Index::issuer_subject, subject_term(parsed->subject, crypto)});
}

void add_references(std::vector<IndexTerm>& terms, const domain::X509Attestation& x509) {
  for (const std::string* name : {&x509.primary_ca_name, &x509.secondary_ca_name}) {
    if (!name->empty()) terms.push_back({Index::ca_reference, to_lower(*name)});
  }
}

// Two slots may hold the same certificate, or two certificates of one subject: one entry will do.
void add_unless_repeated(std::vector<IndexTerm>& terms) {
  if (terms.size() == 2 && terms[0].index == terms[1].index && terms[0].value == terms[1].value) {
    terms.pop_back();
  }
}

}  // namespace

std::string certificate_term(ByteView certificate, ports::Crypto& crypto) {
  return to_upper_hex(crypto.sha256(certificate));
}

std::string subject_term(ByteView subject, ports::Crypto& crypto) {
  return to_hex(crypto.sha256(subject));
}

std::string endorsement_key_term(ByteView endorsement_key, ports::Crypto& crypto) {
  return to_hex(domain::chip_digest(endorsement_key, crypto));
}

std::vector<IndexTerm> terms_of(const domain::IndividualEnrollment& record, ports::Crypto& crypto) {
  std::vector<IndexTerm> terms;
  if (const auto* x509 = std::get_if<domain::X509Attestation>(&record.attestation)) {
    if (x509->kind == domain::X509Attestation::Kind::client_certificates) {
      add_certificate(terms, x509->primary, crypto);
      add_certificate(terms, x509->secondary, crypto);
    } else {
      add_references(terms, *x509);
    }
    add_unless_repeated(terms);
  } else if (const auto* tpm = std::get_if<domain::TpmAttestation>(&record.attestation)) {
    if (!tpm->endorsement_key.empty()) {
      terms.push_back({Index::endorsement_key, endorsement_key_term(tpm->endorsement_key, crypto)});
    }
  }
  return terms;
}

std::vector<IndexTerm> terms_of(const domain::EnrollmentGroup& record, ports::Crypto& crypto) {
  std::vector<IndexTerm> terms;
  if (const auto* x509 = std::get_if<domain::X509Attestation>(&record.attestation)) {
    if (x509->kind == domain::X509Attestation::Kind::signing_certificates) {
      add_issuer(terms, x509->primary, crypto);
      add_issuer(terms, x509->secondary, crypto);
    } else {
      add_references(terms, *x509);
    }
    add_unless_repeated(terms);
  } else if (const auto* tpms = std::get_if<domain::TpmGroupAttestation>(&record.attestation)) {
    for (const Bytes& certificate : tpms->certificates) add_issuer(terms, certificate, crypto);
    std::ranges::sort(terms, {}, &IndexTerm::value);
    const auto repeated = std::ranges::unique(terms, {}, &IndexTerm::value);
    terms.erase(repeated.begin(), repeated.end());
  } else if (std::holds_alternative<domain::SymmetricKeyAttestation>(record.attestation)) {
    terms.push_back({Index::symmetric_groups, kSymmetricGroupTerm});
  }
  return terms;
}

std::vector<IndexTerm> terms_of(const domain::CaCertificate& record, ports::Crypto& crypto) {
  std::vector<IndexTerm> terms;
  add_issuer(terms, record.certificate, crypto);
  return terms;
}

std::vector<IndexTerm> terms_of(const domain::AdmittedTpm& record) {
  std::vector<IndexTerm> terms{{Index::admitted_by_group, record.group_id.folded()}};
  if (record.registration_id) {
    terms.push_back({Index::admitted_id, record.registration_id->folded()});
  }
  return terms;
}

std::vector<IndexTerm> terms_of(const domain::Registration& record) {
  std::vector<IndexTerm> terms;
  if (record.enrollment.is_group) {
    terms.push_back({Index::group_registrations, to_lower(record.enrollment.id)});
  }
  if (!record.enrollment.id.empty()) {
    terms.push_back(use_term(record.enrollment, record.credential_id));
  }
  if (!record.hub_id.empty()) terms.push_back({Index::hub_registrations, record.hub_id.str()});
  return terms;
}

std::vector<IndexTerm> terms_of(const domain::LastAttempt& record) {
  if (!record.enrollment.is_group) return {};
  return {{Index::group_registrations, to_lower(record.enrollment.id)}};
}

std::vector<IndexTerm> hub_terms_of(const domain::Provisioning& provisioning) {
  std::set<std::string> names;
  for (const std::string& name : provisioning.iot_hubs) names.insert(to_lower(name));
  if (!provisioning.iot_hub_host_name.empty()) {
    names.insert(to_lower(provisioning.iot_hub_host_name));
  }
  std::vector<IndexTerm> terms;
  for (const std::string& name : names) terms.push_back({Index::named_hub, name});
  return terms;
}

IndexTerm hub_term(std::string_view host_name) {
  return {Index::named_hub, to_lower(host_name)};
}

IndexTerm use_term(const domain::EnrollmentRef& enrollment, std::string_view credential_id) {
  // No ID holds a slash, so the parts are unambiguous.
  return {Index::used_credential, (enrollment.is_group ? "g/" : "i/") + to_lower(enrollment.id) +
                                      "/" + std::string(credential_id)};
}

}  // namespace berth::store
