#include "shared/protocol/sync/record_lookup.hpp"

#include <algorithm>
#include <variant>

#include "shared/base/encoding.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"

namespace berth::sync {
namespace {

template <class T>
Result<std::optional<domain::Versioned<T>>> read_record(const store::Reader& reader,
                                                        const domain::IdScope& tenant,
                                                        store::Table table, const std::string& id) {
  auto record = reader.read(tenant, table, id);
  if (!record) return record.error();
  if (!record->has_value()) return std::optional<domain::Versioned<T>>();
  auto decoded = decode<T>((*record)->body);
  if (!decoded) return decoded.error();
  return std::optional<domain::Versioned<T>>({std::move(*decoded), (*record)->version});
}

}  // namespace

Result<std::optional<domain::Versioned<domain::IndividualEnrollment>>> RecordLookup::individual(
    const domain::RegistrationId& id) {
  return read_record<domain::IndividualEnrollment>(
      reader_, tenant_, store::Table::individual_enrollment, id.folded());
}

Result<std::optional<domain::Versioned<domain::EnrollmentGroup>>> RecordLookup::group(
    const domain::EnrollmentGroupId& id) {
  return read_record<domain::EnrollmentGroup>(reader_, tenant_, store::Table::enrollment_group,
                                              id.folded());
}

Result<bool> RecordLookup::is_blocked(const domain::RegistrationId& id) {
  const auto stub =
      read_record<domain::RefusalStub>(reader_, tenant_, store::Table::refusal_stub, id.folded());
  if (!stub) return stub.error();
  return *stub && !(*stub)->record.is_enabled;
}

Result<bool> RecordLookup::is_certificate_blocked(const ports::Sha256Digest& sha256) {
  return is_blocked_by({store::Index::certificate_thumbprint, to_upper_hex(sha256)});
}

Result<std::vector<domain::SigningCertificate>> RecordLookup::signing_certificates(
    ByteView subject) {
  const store::IndexTerm term{store::Index::issuer_subject, store::subject_term(subject, crypto_)};
  const auto groups = groups_with(term);
  if (!groups) return groups.error();
  std::vector<domain::SigningCertificate> certificates;
  for (const domain::EnrollmentGroup& group : *groups) {
    const auto* x509 = std::get_if<domain::X509Attestation>(&group.attestation);
    if (x509 == nullptr || x509->kind != domain::X509Attestation::Kind::signing_certificates) {
      continue;
    }
    for (const Bytes* der : {&x509->primary, &x509->secondary}) {
      if (!der->empty()) certificates.push_back({group.group_id, *der, true});
    }
  }
  if (auto uploaded = add_uploaded(term, certificates); !uploaded) return uploaded.error();
  return certificates;
}

Result<std::optional<domain::CaCertificate>> RecordLookup::ca_certificate(const std::string& name) {
  auto found = read_record<domain::CaCertificate>(reader_, tenant_, store::Table::ca_certificate,
                                                  to_lower(name));
  if (!found) return found.error();
  if (!*found) return std::optional<domain::CaCertificate>{};
  return std::optional<domain::CaCertificate>(std::move((*found)->record));
}

Result<std::optional<domain::AdmittedTpm>> RecordLookup::admitted_tpm(
    const ports::Sha256Digest& endorsement_key) {
  auto found = read_record<domain::AdmittedTpm>(reader_, tenant_, store::Table::admitted_tpm,
                                                to_hex(endorsement_key));
  if (!found) return found.error();
  if (!*found) return std::optional<domain::AdmittedTpm>{};
  return std::optional<domain::AdmittedTpm>(std::move((*found)->record));
}

Result<std::vector<domain::SigningCertificate>> RecordLookup::tpm_issuers(ByteView subject) {
  const auto groups =
      groups_with({store::Index::issuer_subject, store::subject_term(subject, crypto_)});
  if (!groups) return groups.error();
  std::vector<domain::SigningCertificate> certificates;
  for (const domain::EnrollmentGroup& group : *groups) {
    const auto* tpms = std::get_if<domain::TpmGroupAttestation>(&group.attestation);
    if (tpms == nullptr) continue;
    for (const Bytes& der : tpms->certificates) certificates.push_back({group.group_id, der, true});
  }
  return certificates;
}

// A chip that an individual enrollment names is that enrollment's device. Those that are not served
// here have left stubs.
Result<bool> RecordLookup::is_endorsement_key_blocked(const ports::Sha256Digest& endorsement_key) {
  const store::IndexTerm term{store::Index::endorsement_key, to_hex(endorsement_key)};
  for (const store::Table table :
       {store::Table::refusal_stub, store::Table::individual_enrollment}) {
    const auto found = reader_.find(tenant_, table, term, "", 1);
    if (!found) return found.error();
    if (!found->records.empty()) return true;
  }
  return false;
}

Result<std::vector<domain::GroupKeys>> RecordLookup::symmetric_groups() {
  const auto groups = groups_with({store::Index::symmetric_groups, store::kSymmetricGroupTerm});
  if (!groups) return groups.error();
  std::vector<domain::GroupKeys> keys;
  for (const domain::EnrollmentGroup& group : *groups) {
    const auto* symmetric = std::get_if<domain::SymmetricKeyAttestation>(&group.attestation);
    if (symmetric != nullptr) keys.push_back({group.group_id, *symmetric});
  }
  return keys;
}

// By a disabled individual enrollment that is served here, or a stub of one that is not.
Result<bool> RecordLookup::is_blocked_by(const store::IndexTerm& term) {
  const auto stubs = reader_.find(tenant_, store::Table::refusal_stub, term, "", 1);
  if (!stubs) return stubs.error();
  if (!stubs->records.empty()) return true;
  std::string continuation;
  do {
    const auto page = reader_.find(tenant_, store::Table::individual_enrollment, term, continuation,
                                   store::kMaxPage);
    if (!page) return page.error();
    for (const store::Record& record : page->records) {
      const auto enrollment = decode<domain::IndividualEnrollment>(record.body);
      if (!enrollment) return enrollment.error();
      if (enrollment->provisioning.status == domain::ProvisioningStatus::disabled) return true;
    }
    continuation = page->continuation;
  } while (!continuation.empty());
  return false;
}

// Groups trust uploaded CA certificates by name.
Result<void> RecordLookup::add_uploaded(const store::IndexTerm& subject,
                                        std::vector<domain::SigningCertificate>& certificates) {
  const auto page =
      reader_.find(tenant_, store::Table::ca_certificate, subject, "", store::kMaxPage);
  if (!page) return page.error();
  for (const store::Record& record : page->records) {
    const auto uploaded = decode<domain::CaCertificate>(record.body);
    if (!uploaded) return uploaded.error();
    const auto groups = groups_with({store::Index::ca_reference, record.id});
    if (!groups) return groups.error();
    for (const domain::EnrollmentGroup& group : *groups) {
      certificates.push_back({group.group_id, uploaded->certificate, uploaded->is_verified});
    }
  }
  return {};
}

// In the order of their IDs, so that every gateway tries them alike.
Result<std::vector<domain::EnrollmentGroup>> RecordLookup::groups_with(
    const store::IndexTerm& term) {
  std::vector<domain::EnrollmentGroup> groups;
  std::string continuation;
  do {
    const auto page =
        reader_.find(tenant_, store::Table::enrollment_group, term, continuation, store::kMaxPage);
    if (!page) return page.error();
    for (const store::Record& record : page->records) {
      auto group = decode<domain::EnrollmentGroup>(record.body);
      if (!group) return group.error();
      groups.push_back(std::move(*group));
    }
    continuation = page->continuation;
  } while (!continuation.empty());
  std::sort(groups.begin(), groups.end(),
            [](const auto& a, const auto& b) { return a.group_id < b.group_id; });
  return groups;
}

}  // namespace berth::sync
