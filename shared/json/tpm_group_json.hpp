// A group of TPMs in an enrollment's attestation (docs/attestation/tpm.md): our member `tpmGroup`.
//
// Its type is shown as symmetricKey, without keys. Azure's SDKs know no other type that a group
// without certificates may have: C#'s refuses a whole page of groups for one of type tpm. By such a
// key its devices' hub does know them, and the member beside it says the rest.
#pragma once

#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::json {

inline constexpr const char* kTpmGroupMember = "tpmGroup";

// `stored` is what the group has; nullptr if that is something else. Certificates of which only
// `info` comes stay as they are stored. Errc::invalid with what is wrong.
[[nodiscard]] Result<domain::TpmGroupAttestation> read_tpm_group(
    const boost::json::object& members, const domain::TpmGroupAttestation* stored,
    ports::Crypto& crypto);

// The whole mechanism.
[[nodiscard]] boost::json::object write_tpm_group(const domain::TpmGroupAttestation& group,
                                                  ports::Crypto& crypto);

// Whether the mechanism is what an SDK makes of the above that does not know our member: to be
// written back as it stands means to change nothing.
[[nodiscard]] bool is_bare_symmetric_key(const boost::json::object& mechanism);

}  // namespace berth::json
