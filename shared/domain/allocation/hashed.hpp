// Evenly weighted allocation: weighted rendezvous hashing over the folded registration ID and the
// hub's immutable ID (design 3.5, docs/formats/allocation.md). Integers only, so that every gateway
// on every processor decides alike without talking, and a new hub draws only its own share.
#pragma once

#include <cstdint>
#include <span>

#include "shared/domain/allocation/candidates.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// -log2(draw / 2^64) in units of 2^-48, for a draw of 1 to 2^64 - 1; a draw of 0 counts as 1.
[[nodiscard]] std::uint64_t rendezvous_distance(std::uint64_t draw);

// The pseudo-random draw of a registration at a hub: what rendezvous_distance takes.
[[nodiscard]] std::uint64_t rendezvous_draw(const RegistrationId& registration_id,
                                            const HubId& hub_id, ports::Crypto& crypto);

// What a candidate is compared by, for people: its distance by its weight, rounded down.
[[nodiscard]] std::uint64_t rendezvous_score(const RegistrationId& registration_id,
                                             const Candidate& candidate, ports::Crypto& crypto);

// The candidate with the least distance / weight; equal ones go to the smaller hub ID. There must
// be at least one.
[[nodiscard]] const Candidate& choose_hashed(const RegistrationId& registration_id,
                                             std::span<const Candidate> candidates,
                                             ports::Crypto& crypto);

}  // namespace berth::domain
