// The bytes of a record: what is sealed in rows, hashed into set digests and carried in sync frames
// (docs/formats/sealed_record.md). Deterministic: equal records give equal bytes on every machine.
// Every body begins with a format version; an unknown one is Errc::unsupported, bytes that do not
// parse are Errc::corrupt.
#pragma once

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/gateway.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/domain/model/registration.hpp"
#include "shared/domain/model/tenant.hpp"

namespace berth::sync {

[[nodiscard]] Bytes encode(const domain::IndividualEnrollment& record);
[[nodiscard]] Bytes encode(const domain::EnrollmentGroup& record);
[[nodiscard]] Bytes encode(const domain::LinkedHub& record);
[[nodiscard]] Bytes encode(const domain::HubCredential& record);
[[nodiscard]] Bytes encode(const domain::HubToken& record);
[[nodiscard]] Bytes encode(const domain::Registration& record);
[[nodiscard]] Bytes encode(const domain::TenantSettings& record);
[[nodiscard]] Bytes encode(const domain::AccessPolicy& record);
[[nodiscard]] Bytes encode(const domain::Gateway& record);
[[nodiscard]] Bytes encode(const domain::Permit& record);
[[nodiscard]] Bytes encode(const domain::SignedPermit& record);

// decode<T>(body) for each of the types above.
template <class T>
[[nodiscard]] Result<T> decode(ByteView body);

template <>
Result<domain::IndividualEnrollment> decode(ByteView body);
template <>
Result<domain::EnrollmentGroup> decode(ByteView body);
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
Result<domain::Permit> decode(ByteView body);
template <>
Result<domain::SignedPermit> decode(ByteView body);

}  // namespace berth::sync
