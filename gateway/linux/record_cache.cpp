#include "gateway/linux/record_cache.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "shared/base/encoding.hpp"
#include "shared/protocol/sync/record_codec.hpp"
#include "shared/store/index_terms.hpp"

namespace berth::gateway {
namespace {

template <class T>
Result<std::optional<domain::Versioned<T>>> read_record(const store::Reader& reader,
                                                        const domain::IdScope& tenant,
                                                        store::Table table, const std::string& id) {
  auto record = reader.read(tenant, table, id);
  if (!record) return record.error();
  if (!record->has_value()) return std::optional<domain::Versioned<T>>();
  auto decoded = sync::decode<T>((*record)->body);
  if (!decoded) return decoded.error();
  return std::optional<domain::Versioned<T>>({std::move(*decoded), (*record)->version});
}

}  // namespace

void RecordCache::keep_up() const {
  const std::uint64_t now = generation_.load(std::memory_order_acquire);
  if (kept_generation_ == now) return;
  // Also if the tenants can't be read: what was kept may hold what was taken back since.
  kept_.clear();
  const auto tenants = reader_.tenants();
  if (!tenants) return;
  kept_generation_ = now;
  tenants_.clear();
  for (const domain::IdScope& tenant : *tenants) {
    if (tenant != store::kNode) tenants_.emplace(to_lower(tenant.str()), tenant);
  }
}

RecordCache::Kept& RecordCache::kept(const domain::IdScope& tenant) const {
  keep_up();
  return kept_[tenant];
}

std::optional<domain::IdScope> RecordCache::tenant(std::string_view id_scope) const {
  keep_up();
  const auto found = tenants_.find(to_lower(id_scope));
  if (found == tenants_.end()) return std::nullopt;
  return found->second;
}

// One tenant's enrollments, as attestation asks for them.
class RecordCache::Lookup final : public domain::EnrollmentLookup {
 public:
  Lookup(const store::Reader& reader, ports::Crypto& crypto, const domain::IdScope& tenant,
         Kept& kept)
      : reader_(reader), crypto_(crypto), tenant_(tenant), kept_(kept) {}

  Result<std::optional<domain::Versioned<domain::IndividualEnrollment>>> individual(
      const domain::RegistrationId& id) override {
    return read_record<domain::IndividualEnrollment>(
        reader_, tenant_, store::Table::individual_enrollment, id.folded());
  }

  Result<std::optional<domain::Versioned<domain::EnrollmentGroup>>> group(
      const domain::EnrollmentGroupId& id) override {
    return read_record<domain::EnrollmentGroup>(reader_, tenant_, store::Table::enrollment_group,
                                                id.folded());
  }

  Result<bool> is_blocked(const domain::RegistrationId& id) override {
    const auto record = reader_.read(tenant_, store::Table::refusal_stub, id.folded());
    if (!record) return record.error();
    return record->has_value();
  }

  Result<bool> is_certificate_blocked(const ports::Sha256Digest& sha256) override {
    return is_blocked_by({store::Index::certificate_thumbprint, to_upper_hex(sha256)});
  }

  Result<std::vector<domain::SigningCertificate>> signing_certificates(ByteView subject) override {
    const store::IndexTerm term{store::Index::issuer_subject,
                                store::subject_term(subject, crypto_)};
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

  Result<std::optional<domain::CaCertificate>> ca_certificate(const std::string& name) override {
    auto found = read_record<domain::CaCertificate>(reader_, tenant_, store::Table::ca_certificate,
                                                    to_lower(name));
    if (!found) return found.error();
    if (!*found) return std::optional<domain::CaCertificate>{};
    return std::optional<domain::CaCertificate>(std::move((*found)->record));
  }

  Result<std::optional<domain::AdmittedTpm>> admitted_tpm(
      const ports::Sha256Digest& endorsement_key) override {
    auto found = read_record<domain::AdmittedTpm>(reader_, tenant_, store::Table::admitted_tpm,
                                                  to_hex(endorsement_key));
    if (!found) return found.error();
    if (!*found) return std::optional<domain::AdmittedTpm>{};
    return std::optional<domain::AdmittedTpm>(std::move((*found)->record));
  }

  Result<std::vector<domain::SigningCertificate>> tpm_issuers(ByteView subject) override {
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

  Result<bool> is_endorsement_key_blocked(const ports::Sha256Digest& endorsement_key) override {
    return is_blocked_by({store::Index::endorsement_key, to_hex(endorsement_key)});
  }

  Result<std::vector<domain::GroupKeys>> symmetric_groups() override {
    if (!kept_.symmetric_groups) {
      const auto groups = groups_with({store::Index::symmetric_groups, store::kSymmetricGroupTerm});
      if (!groups) return groups.error();
      std::vector<domain::GroupKeys> keys;
      for (const domain::EnrollmentGroup& group : *groups) {
        const auto* symmetric = std::get_if<domain::SymmetricKeyAttestation>(&group.attestation);
        if (symmetric != nullptr) keys.push_back({group.group_id, *symmetric});
      }
      kept_.symmetric_groups = std::move(keys);
    }
    return *kept_.symmetric_groups;
  }

 private:
  // By a disabled individual enrollment that is served here, or a stub of one that is not.
  Result<bool> is_blocked_by(const store::IndexTerm& term) {
    const auto stubs = reader_.find(tenant_, store::Table::refusal_stub, term, "", 1);
    if (!stubs) return stubs.error();
    if (!stubs->records.empty()) return true;
    std::string continuation;
    do {
      const auto page = reader_.find(tenant_, store::Table::individual_enrollment, term,
                                     continuation, store::kMaxPage);
      if (!page) return page.error();
      for (const store::Record& record : page->records) {
        const auto enrollment = sync::decode<domain::IndividualEnrollment>(record.body);
        if (!enrollment) return enrollment.error();
        if (enrollment->provisioning.status == domain::ProvisioningStatus::disabled) return true;
      }
      continuation = page->continuation;
    } while (!continuation.empty());
    return false;
  }

  // Groups trust uploaded CA certificates by name.
  Result<void> add_uploaded(const store::IndexTerm& subject,
                            std::vector<domain::SigningCertificate>& certificates) {
    const auto page =
        reader_.find(tenant_, store::Table::ca_certificate, subject, "", store::kMaxPage);
    if (!page) return page.error();
    for (const store::Record& record : page->records) {
      const auto uploaded = sync::decode<domain::CaCertificate>(record.body);
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
  Result<std::vector<domain::EnrollmentGroup>> groups_with(const store::IndexTerm& term) {
    std::vector<domain::EnrollmentGroup> groups;
    std::string continuation;
    do {
      const auto page = reader_.find(tenant_, store::Table::enrollment_group, term, continuation,
                                     store::kMaxPage);
      if (!page) return page.error();
      for (const store::Record& record : page->records) {
        auto group = sync::decode<domain::EnrollmentGroup>(record.body);
        if (!group) return group.error();
        groups.push_back(std::move(*group));
      }
      continuation = page->continuation;
    } while (!continuation.empty());
    std::sort(groups.begin(), groups.end(),
              [](const auto& a, const auto& b) { return a.group_id < b.group_id; });
    return groups;
  }

  const store::Reader& reader_;
  ports::Crypto& crypto_;
  const domain::IdScope& tenant_;
  Kept& kept_;
};

std::unique_ptr<domain::EnrollmentLookup> RecordCache::enrollments(
    const domain::IdScope& tenant) const {
  return std::make_unique<Lookup>(reader_, crypto_, tenant, kept(tenant));
}

Result<std::vector<domain::LinkedHub>> RecordCache::hubs(const domain::IdScope& tenant) const {
  auto& hubs = kept(tenant).hubs;
  if (!hubs) {
    std::vector<domain::LinkedHub> read;
    std::string continuation;
    do {
      const auto page =
          reader_.list(tenant, store::Table::linked_hub, continuation, store::kMaxPage);
      if (!page) return page.error();
      for (const store::Record& record : page->records) {
        auto hub = sync::decode<domain::LinkedHub>(record.body);
        if (!hub) return hub.error();
        read.push_back(std::move(*hub));
      }
      continuation = page->continuation;
    } while (!continuation.empty());
    hubs = std::move(read);
  }
  return *hubs;
}

Result<domain::TenantSettings> RecordCache::settings(const domain::IdScope& tenant) const {
  auto& settings = kept(tenant).settings;
  if (!settings) {
    auto read = read_record<domain::TenantSettings>(reader_, tenant, store::Table::tenant_settings,
                                                    "settings");
    if (!read) return read.error();
    if (!read->has_value()) {
      return Error{Errc::unavailable, "the tenant's settings were not received yet"};
    }
    settings = std::move((*read)->record);
  }
  return *settings;
}

Result<KnownRegistration> RecordCache::registration(const domain::IdScope& tenant,
                                                    const domain::RegistrationId& id) const {
  auto record =
      read_record<domain::Registration>(reader_, tenant, store::Table::registration, id.folded());
  if (!record) return record.error();
  KnownRegistration known;
  known.registration = std::move(*record);
  // Every registration held here was reported by this gateway or asked for.
  known.current = known.registration.has_value() || known_absent_.contains(tenant, id);
  return known;
}

}  // namespace berth::gateway
