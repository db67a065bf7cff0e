// AttestationMechanism (service API 2.3 and 2.4).
#pragma once

#include <cstdint>

#include <boost/json/object.hpp>

#include "shared/base/result.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::json {

// Keys that are left out on create are made, this long (service API 2.3).
inline constexpr std::size_t kGeneratedSymmetricKeySize = 64;

// Whether an answer shows symmetric keys: those of writes and of attestationmechanism do.
enum class Keys : std::uint8_t { shown, hidden };

// Whose mechanism it is: client certificates and TPMs attest one device, signing certificates many.
enum class AttestationOf : std::uint8_t { individual, group };

// `stored` is what the record has; nullptr on create. Symmetric keys that are left out, and
// certificates of which only `info` comes, stay as they are stored.
[[nodiscard]] Result<domain::Attestation> read_attestation(const boost::json::object& mechanism,
                                                           AttestationOf of,
                                                           const domain::Attestation* stored,
                                                           ports::Crypto& crypto,
                                                           ports::Entropy& entropy);

[[nodiscard]] boost::json::object write_attestation(const domain::Attestation& attestation,
                                                    Keys keys, ports::Crypto& crypto);

}  // namespace berth::json
