#include "shared/domain/allocation/hashed.hpp"

#include <bit>
#include <string_view>

#include "shared/base/assert.hpp"
#include "shared/base/bytes.hpp"

namespace berth::domain {
namespace {

// Bits after the binary point of a distance. With the 7 bits before it (log2 is at most 64) and the
// 10 of a weight, a product still fits 64 bits.
constexpr unsigned kFractionBits = 48;
static_assert(kMaxAllocationWeight < 1U << 10U && kFractionBits + 6 + 10 <= 64);

// Keeps these draws apart from every other use of SHA-256, and names the algorithm's version.
constexpr std::string_view kDomain = "berth-allocation-1";

// The upper 64 bits of a * a, in 32-bit steps: not every processor has a wider product.
std::uint64_t upper_half_of_square(std::uint64_t a) {
  const std::uint64_t low = a & 0xFFFFFFFFU;
  const std::uint64_t high = a >> 32U;
  const std::uint64_t cross = low * high;
  const std::uint64_t low_carry = (low * low) >> 32U;
  // 2 * cross does not fit 64 bits, so it is added in two halves.
  const std::uint64_t middle = low_carry + 2 * (cross & 0xFFFFFFFFU);
  return high * high + 2 * (cross >> 32U) + (middle >> 32U);
}

}  // namespace

std::uint64_t rendezvous_distance(std::uint64_t draw) {
  if (draw == 0) draw = 1;
  const auto leading_zeros = static_cast<unsigned>(std::countl_zero(draw));
  // draw = 2^(63 - leading_zeros) * mantissa / 2^63, with mantissa / 2^63 in [1, 2).
  std::uint64_t mantissa = draw << leading_zeros;
  std::uint64_t log2 = 63U - leading_zeros;
  // Each squaring doubles the logarithm of the mantissa: what passes 2 is its next bit.
  for (unsigned bit = 0; bit < kFractionBits; ++bit) {
    mantissa = upper_half_of_square(mantissa);  // in [1, 4), in units of 2^-62
    log2 <<= 1U;
    if ((mantissa >> 63U) != 0) {
      log2 |= 1U;
    } else {
      mantissa <<= 1U;
    }
  }
  return (std::uint64_t{64} << kFractionBits) - log2;
}

std::uint64_t rendezvous_draw(const RegistrationId& registration_id, const HubId& hub_id,
                              ports::Crypto& crypto) {
  Bytes text = to_bytes(kDomain);
  text.push_back(0);
  append(text, as_bytes(registration_id.folded()));
  text.push_back(0);
  append(text, as_bytes(hub_id.str()));
  const ports::Sha256Digest digest = crypto.sha256(text);
  std::uint64_t draw = 0;
  for (std::size_t i = 0; i < sizeof(draw); ++i) draw = draw << 8U | digest[i];
  return draw;
}

std::uint64_t rendezvous_score(const RegistrationId& registration_id, const Candidate& candidate,
                               ports::Crypto& crypto) {
  return rendezvous_distance(rendezvous_draw(registration_id, candidate.hub_id, crypto)) /
         candidate.weight;
}

const Candidate& choose_hashed(const RegistrationId& registration_id,
                               std::span<const Candidate> candidates, ports::Crypto& crypto) {
  BERTH_ASSERT(!candidates.empty());
  const Candidate* best = nullptr;
  std::uint64_t best_distance = 0;
  for (const Candidate& candidate : candidates) {
    BERTH_ASSERT(candidate.weight >= kMinAllocationWeight &&
                 candidate.weight <= kMaxAllocationWeight);
    const std::uint64_t distance =
        rendezvous_distance(rendezvous_draw(registration_id, candidate.hub_id, crypto));
    if (best == nullptr) {
      best = &candidate;
      best_distance = distance;
      continue;
    }
    // distance / weight < best_distance / best->weight, without a division.
    const std::uint64_t ours = distance * best->weight;
    const std::uint64_t theirs = best_distance * candidate.weight;
    if (ours < theirs || (ours == theirs && candidate.hub_id < best->hub_id)) {
      best = &candidate;
      best_distance = distance;
    }
  }
  return *best;
}

}  // namespace berth::domain
