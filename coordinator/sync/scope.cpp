#include "coordinator/sync/scope.hpp"

#include <algorithm>
#include <utility>

#include "shared/domain/attestation/endorsement_key.hpp"
#include "shared/protocol/sync/record_codec.hpp"

namespace berth::coordinator {
namespace {

sync::RecordChange as_it_is(const store::Record& record) {
  return {record.table, record.id, record.version, record.body};
}

sync::RecordChange removal(store::Table table, const std::string& id) {
  return {table, id, 0, std::nullopt};
}

}  // namespace

bool may_serve(const domain::Provisioning& provisioning, const domain::SiteId& site) {
  const auto& sites = provisioning.sites;
  return sites.empty() || std::find(sites.begin(), sites.end(), site) != sites.end();
}

bool keys_stay_here(const domain::EnrollmentGroup& group) {
  return std::holds_alternative<domain::SymmetricKeyAttestation>(group.attestation) &&
         group.key_custody != domain::GroupKeyCustody::on_gateway;
}

Result<std::optional<sync::RecordChange>> Scope::view(const store::Record& record) const {
  if (record.table == store::Table::individual_enrollment) return view_of_individual(record);
  if (record.table == store::Table::enrollment_group) {
    auto group = sync::decode<domain::EnrollmentGroup>(record.body);
    if (!group) return group.error();
    if (keys_stay_here(*group) || !may_serve(group->provisioning, site_)) {
      return std::optional<sync::RecordChange>{};
    }
  }
  return std::optional(as_it_is(record));
}

Result<std::optional<sync::RecordChange>> Scope::view_of_individual(
    const store::Record& record) const {
  auto enrollment = sync::decode<domain::IndividualEnrollment>(record.body);
  if (!enrollment) return enrollment.error();
  if (may_serve(enrollment->provisioning, site_)) return std::optional(as_it_is(record));
  domain::RefusalStub stub;
  stub.registration_id = enrollment->registration_id;
  stub.is_enabled = enrollment->provisioning.status != domain::ProvisioningStatus::disabled;
  const auto* tpm = std::get_if<domain::TpmAttestation>(&enrollment->attestation);
  if (tpm != nullptr && !tpm->endorsement_key.empty()) {
    stub.endorsement_key_sha256 = to_bytes(domain::chip_digest(tpm->endorsement_key, *crypto_));
  }
  // An enabled one keeps its chip for itself, and is otherwise no concern of this site's.
  if (stub.is_enabled && stub.endorsement_key_sha256.empty()) {
    return std::optional<sync::RecordChange>{};
  }
  const auto* x509 = std::get_if<domain::X509Attestation>(&enrollment->attestation);
  if (x509 != nullptr && x509->kind == domain::X509Attestation::Kind::client_certificates) {
    const auto hash_of = [this](const Bytes& certificate) {
      if (certificate.empty()) return Bytes{};
      const auto hash = crypto_->sha256(certificate);
      return Bytes{hash.begin(), hash.end()};
    };
    stub.certificate_sha256 = hash_of(x509->primary);
    stub.secondary_certificate_sha256 = hash_of(x509->secondary);
  }
  return std::optional(sync::RecordChange{store::Table::refusal_stub, record.id, record.version,
                                          sync::encode(stub)});
}

Result<std::vector<sync::RecordChange>> Scope::changes_for(
    const store::LogEntry& entry,
    const std::function<Result<bool>(const std::string&)>& is_of_interest) const {
  std::vector<sync::RecordChange> changes;
  if (entry.table == store::Table::registration) {
    auto interesting = is_of_interest(entry.id);
    if (!interesting) return interesting.error();
    if (*interesting) {
      changes.push_back(entry.after ? as_it_is(*entry.after) : removal(entry.table, entry.id));
    }
    return changes;
  }
  std::optional<sync::RecordChange> before;
  std::optional<sync::RecordChange> after;
  if (entry.before) {
    auto seen = view(*entry.before);
    if (!seen) return seen.error();
    before = std::move(*seen);
  }
  if (entry.after) {
    auto seen = view(*entry.after);
    if (!seen) return seen.error();
    after = std::move(*seen);
  }
  if (before && (!after || after->table != before->table)) {
    changes.push_back(removal(before->table, before->id));
  }
  if (after) changes.push_back(std::move(*after));
  return changes;
}

std::string interest_id(const domain::GatewayId& gateway, const std::string& folded_registration) {
  return gateway.str() + "/" + folded_registration;
}

store::Change interest_change(const domain::GatewayId& gateway,
                              const domain::RegistrationId& registration, WallTime now) {
  store::Change change;
  change.table = store::Table::registration_interest;
  change.id = interest_id(gateway, registration.folded());
  change.body = sync::encode(domain::RegistrationInterest{registration, now});
  return change;
}

}  // namespace berth::coordinator
