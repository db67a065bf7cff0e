#include "coordinator/store/ca_certificates.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "coordinator/store/record_writes.hpp"
#include "coordinator/store/typed_records.hpp"
#include "shared/base/encoding.hpp"
#include "shared/store/index_terms.hpp"

namespace berth::coordinator {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

Result<std::string> name_of(const store::Record& record) {
  if (record.table == store::Table::enrollment_group) {
    const auto group = decode_record<domain::EnrollmentGroup>(record);
    if (!group) return group.error();
    return "enrollment group " + group->record.group_id.str();
  }
  const auto individual = decode_record<domain::IndividualEnrollment>(record);
  if (!individual) return individual.error();
  return "enrollment " + individual->record.registration_id.str();
}

// Errc::conflict if an enrollment refers to the certificate.
Result<void> check_unreferenced(const store::Reader& reader, const domain::IdScope& tenant,
                                const std::string& folded_name) {
  constexpr std::array kReferring{store::Table::enrollment_group,
                                  store::Table::individual_enrollment};
  for (const store::Table table : kReferring) {
    const auto page = reader.find(tenant, table, {store::Index::ca_reference, folded_name}, {}, 1);
    if (!page) return page.error();
    if (page->records.empty()) continue;
    const auto name = name_of(page->records.front());
    if (!name) return name.error();
    return Error{Errc::conflict, *name + " refers to the CA certificate"};
  }
  return {};
}

}  // namespace

Result<void> check_ca_certificate_name(std::string_view name) {
  if (name.empty() || name.size() > domain::kMaxCaCertificateName ||
      !std::all_of(name.begin(), name.end(), is_name_character)) {
    return Error{Errc::invalid, "the name of a CA certificate has 1 to " +
                                    std::to_string(domain::kMaxCaCertificateName) +
                                    " letters, digits and - . _"};
  }
  return {};
}

Result<std::vector<Versioned<domain::CaCertificate>>> CaCertificates::all(
    const domain::IdScope& tenant) const {
  return read_all<domain::CaCertificate>(store_, tenant, store::Table::ca_certificate);
}

Result<std::optional<Versioned<domain::CaCertificate>>> CaCertificates::find(
    const domain::IdScope& tenant, std::string_view name) const {
  // What no certificate can be named is no key of a record either.
  if (!check_ca_certificate_name(name)) return std::optional<Versioned<domain::CaCertificate>>{};
  return read_record<domain::CaCertificate>(store_, tenant, store::Table::ca_certificate,
                                            to_lower(name));
}

Result<Versioned<domain::CaCertificate>> CaCertificates::put(const domain::IdScope& tenant,
                                                             domain::CaCertificate certificate,
                                                             std::uint64_t expected_version) {
  if (const auto name = check_ca_certificate_name(certificate.name); !name) return name.error();
  const auto fits = check_room_and_uniqueness(tenant, certificate, expected_version == 0);
  if (!fits) return fits.error();
  stamp(certificate.stamps, expected_version, clock_.wall());
  std::string id = to_lower(certificate.name);
  std::vector<store::IndexTerm> terms = store::terms_of(certificate, crypto_);
  return put_record(store_, tenant, store::Table::ca_certificate, std::move(id),
                    std::move(certificate), std::move(terms), expected_version);
}

Result<void> CaCertificates::erase(const domain::IdScope& tenant, std::string_view name,
                                   std::uint64_t expected_version) {
  const std::string id = to_lower(name);
  store::ChangeSet set;
  set.tenant = tenant;
  set.changes.push_back(erase_change(store::Table::ca_certificate, id, expected_version));
  set.check = [tenant, id](const store::Reader& reader) {
    return check_unreferenced(reader, tenant, id);
  };
  const auto erased = store::commit_one(store_, std::move(set));
  if (!erased) return erased.error();
  return {};
}

Result<void> CaCertificates::check_room_and_uniqueness(const domain::IdScope& tenant,
                                                       const domain::CaCertificate& certificate,
                                                       bool is_new) const {
  const auto uploaded = all(tenant);
  if (!uploaded) return uploaded.error();
  if (is_new && uploaded->size() >= quotas_.ca_certificates) {
    return Error{Errc::forbidden, "a tenant has at most " +
                                      std::to_string(quotas_.ca_certificates) + " CA certificates"};
  }
  for (const Versioned<domain::CaCertificate>& other : *uploaded) {
    if (!equals_ignoring_case(other.record.name, certificate.name) &&
        other.record.certificate == certificate.certificate) {
      return Error{Errc::conflict, "the certificate is uploaded as '" + other.record.name + "'"};
    }
  }
  return {};
}

}  // namespace berth::coordinator
