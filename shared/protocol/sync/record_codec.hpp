// The bytes of a record: what is sealed in rows, hashed into set digests and carried in sync frames
// (docs/formats/sealed_record.md). Deterministic: equal records give equal bytes on every machine.
// Every body begins with a format version; an unknown one is Errc::unsupported, bytes that do not
// parse are Errc::corrupt.
#pragma once

#include <cstdint>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/admitted_tpm.hpp"
#include "shared/domain/model/authority.hpp"
#include "shared/domain/model/ca_certificate.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/gateway.hpp"
#include "shared/domain/model/journal.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/domain/model/tenant.hpp"

namespace berth::sync {

// The format version that encode() writes, the first field of every body.
inline constexpr std::uint32_t kRecordFormat = 1;

[[nodiscard]] Bytes encode(const domain::IndividualEnrollment& record);
[[nodiscard]] Bytes encode(const domain::EnrollmentGroup& record);
[[nodiscard]] Bytes encode(const domain::AdmittedTpm& record);
[[nodiscard]] Bytes encode(const domain::CaCertificate& record);
[[nodiscard]] Bytes encode(const domain::LinkedHub& record);
[[nodiscard]] Bytes encode(const domain::HubCredential& record);
[[nodiscard]] Bytes encode(const domain::HubToken& record);
[[nodiscard]] Bytes encode(const domain::Registration& record);
[[nodiscard]] Bytes encode(const domain::TenantSettings& record);
[[nodiscard]] Bytes encode(const domain::AccessPolicy& record);
[[nodiscard]] Bytes encode(const domain::Gateway& record);
[[nodiscard]] Bytes encode(const domain::Site& record);
[[nodiscard]] Bytes encode(const domain::Permit& record);
[[nodiscard]] Bytes encode(const domain::SignedPermit& record);
[[nodiscard]] Bytes encode(const domain::RefusalStub& record);
[[nodiscard]] Bytes encode(const domain::RegistrationTombstone& record);
[[nodiscard]] Bytes encode(const domain::RegistrationInterest& record);
[[nodiscard]] Bytes encode(const domain::Intent& record);
[[nodiscard]] Bytes encode(const domain::OutboxEntry& record);
[[nodiscard]] Bytes encode(const domain::OutboxIdentity& record);
[[nodiscard]] Bytes encode(const domain::CleanupTask& record);
[[nodiscard]] Bytes encode(const domain::Cursor& record);
[[nodiscard]] Bytes encode(const domain::NewDeviceCount& record);
[[nodiscard]] Bytes encode(const domain::TimeMark& record);
[[nodiscard]] Bytes encode(const domain::LastAttempt& record);
[[nodiscard]] Bytes encode(const domain::NodeIdentity& record);
[[nodiscard]] Bytes encode(const domain::DefaultTenant& record);
[[nodiscard]] Bytes encode(const domain::SerialReservation& record);
[[nodiscard]] Bytes encode(const domain::OutboxWatermark& record);
[[nodiscard]] Bytes encode(const domain::QuarantinedOutcome& record);

// decode<T>(body) for each of the types above.
template <class T>
[[nodiscard]] Result<T> decode(ByteView body);

template <>
Result<domain::IndividualEnrollment> decode(ByteView body);
template <>
Result<domain::EnrollmentGroup> decode(ByteView body);
template <>
Result<domain::AdmittedTpm> decode(ByteView body);
template <>
Result<domain::CaCertificate> decode(ByteView body);
template <>
Result<domain::LinkedHub> decode(ByteView body);
template <>
Result<domain::HubCredential> decode(ByteView body);
template <>
Result<domain::HubToken> decode(ByteView body);
template <>
Result<domain::Registration> decode(ByteView body);
template <>
Result<domain::TenantSettings> decode(ByteView body);
template <>
Result<domain::AccessPolicy> decode(ByteView body);
template <>
Result<domain::Gateway> decode(ByteView body);
template <>
Result<domain::Site> decode(ByteView body);
template <>
Result<domain::Permit> decode(ByteView body);
template <>
Result<domain::SignedPermit> decode(ByteView body);
template <>
Result<domain::RefusalStub> decode(ByteView body);
template <>
Result<domain::RegistrationTombstone> decode(ByteView body);
template <>
Result<domain::RegistrationInterest> decode(ByteView body);
template <>
Result<domain::Intent> decode(ByteView body);
template <>
Result<domain::OutboxEntry> decode(ByteView body);
template <>
Result<domain::OutboxIdentity> decode(ByteView body);
template <>
Result<domain::CleanupTask> decode(ByteView body);
template <>
Result<domain::Cursor> decode(ByteView body);
template <>
Result<domain::NewDeviceCount> decode(ByteView body);
template <>
Result<domain::TimeMark> decode(ByteView body);
template <>
Result<domain::LastAttempt> decode(ByteView body);
template <>
Result<domain::NodeIdentity> decode(ByteView body);
template <>
Result<domain::DefaultTenant> decode(ByteView body);
template <>
Result<domain::SerialReservation> decode(ByteView body);
template <>
Result<domain::OutboxWatermark> decode(ByteView body);
template <>
Result<domain::QuarantinedOutcome> decode(ByteView body);

}  // namespace berth::sync
