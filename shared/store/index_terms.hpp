// The secondary index entries that go with a record, for whoever writes one: the coordinator its
// truth, a gateway its copy. Matching looks records up by these (design 3.2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/domain/model/admitted_tpm.hpp"
#include "shared/domain/model/ca_certificate.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/store/record_store.hpp"

namespace berth::store {

// Upper-case hex SHA-256 of a DER certificate: the value of Index::certificate_thumbprint.
[[nodiscard]] std::string certificate_term(ByteView certificate, ports::Crypto& crypto);
// Lower-case hex SHA-256 of a DER Name: the value of Index::issuer_subject.
[[nodiscard]] std::string subject_term(ByteView subject, ports::Crypto& crypto);
// The value of Index::endorsement_key: the chip's digest in lower-case hex, however its key is
// spelled.
[[nodiscard]] std::string endorsement_key_term(ByteView endorsement_key, ports::Crypto& crypto);
// The value that every group with symmetric keys has in Index::symmetric_groups.
inline constexpr const char* kSymmetricGroupTerm = "1";

[[nodiscard]] std::vector<IndexTerm> terms_of(const domain::IndividualEnrollment& record,
                                              ports::Crypto& crypto);
// A signing certificate that does not parse gets no entry: nothing can be found by it.
[[nodiscard]] std::vector<IndexTerm> terms_of(const domain::EnrollmentGroup& record,
                                              ports::Crypto& crypto);
[[nodiscard]] std::vector<IndexTerm> terms_of(const domain::CaCertificate& record,
                                              ports::Crypto& crypto);
[[nodiscard]] std::vector<IndexTerm> terms_of(const domain::AdmittedTpm& record);
[[nodiscard]] std::vector<IndexTerm> terms_of(const domain::Registration& record);
// A refusal is found among its group's.
[[nodiscard]] std::vector<IndexTerm> terms_of(const domain::LastAttempt& record);
// The hubs that an enrollment names, for whoever would unlink one: each once.
[[nodiscard]] std::vector<IndexTerm> hub_terms_of(const domain::Provisioning& provisioning);
[[nodiscard]] IndexTerm hub_term(std::string_view host_name);
// Of the registrations that are bound to this enrollment and last proved themselves by this
// credential of it (Registration::credential_id; empty: by one that is not known).
[[nodiscard]] IndexTerm use_term(const domain::EnrollmentRef& enrollment,
                                 std::string_view credential_id);

}  // namespace berth::store
