#include "gateway/core/registration/tpm_challenges.hpp"

#include <algorithm>

#include "gateway/core/limits.hpp"
#include "shared/domain/attestation/tpm_storage_key.hpp"
#include "shared/domain/attestation/tpm_wire.hpp"

namespace berth::gateway {
namespace {

constexpr std::size_t kSecretSize = 32;

bool same_keys(const domain::TpmEvidence& a, const domain::TpmEvidence& b) {
  return a.endorsement_key == b.endorsement_key && a.storage_root_key == b.storage_root_key;
}

}  // namespace

std::uint64_t TpmChallenges::slot() const {
  return static_cast<std::uint64_t>(clock_.monotonic() / kTpmChallengeLifetime);
}

SecretBytes TpmChallenges::key_in(std::uint64_t slot, const Device& device,
                                  const domain::TpmEvidence& keys) {
  if (secret_.empty()) secret_ = entropy_.secret(kSecretSize);
  Bytes text = to_bytes("tpm challenge");
  domain::append_u32(text, static_cast<std::uint32_t>(slot >> 32U));
  domain::append_u32(text, static_cast<std::uint32_t>(slot & 0xFFFFFFFFU));
  domain::append_sized(text, as_bytes(device.first.str()));
  domain::append_sized(text, as_bytes(device.second.folded()));
  domain::append_sized(text, keys.endorsement_key);
  domain::append_sized(text, keys.storage_root_key);
  ports::Sha256Digest mac = crypto_.hmac_sha256(secret_.reveal(), text);
  SecretBytes key = SecretBytes::copy_of(mac);
  wipe(mac);
  return key;
}

SecretBytes TpmChallenges::open(const Device& device, const domain::TpmEvidence& keys,
                                const std::string& source) {
  forget_expired();
  const std::uint64_t now = slot();
  SecretBytes key = key_in(now, device, keys);
  // Until the next slot ends, which is when its key is derived no more.
  const MonotonicTime until(kTpmChallengeLifetime * static_cast<std::int64_t>(now + 2));
  keep(device, Entry{{keys, key}, source, false, until, 0});
  return key;
}

std::vector<domain::TpmChallenge> TpmChallenges::open_for(
    const Device& device, const std::optional<domain::TpmEvidence>& shown) {
  forget_expired();
  std::vector<domain::TpmChallenge> out;
  if (const auto found = entries_.find(device); found != entries_.end()) {
    for (const Entry& entry : found->second) out.push_back(entry.challenge);
  }
  // Keys that no chip would show are not worth a derivation, and may be too long for one.
  if (!shown || shown->storage_root_key.empty() ||
      shown->storage_root_key.size() > domain::kMaxTpmPublicSize ||
      shown->endorsement_key.size() > domain::kMaxTpmPublicSize) {
    return out;
  }
  const std::uint64_t now = slot();
  out.push_back({*shown, key_in(now, device, *shown)});
  if (now > 0) out.push_back({*shown, key_in(now - 1, device, *shown)});
  return out;
}

void TpmChallenges::answered(const Device& device, const domain::TpmChallenge& challenge) {
  keep(device, Entry{challenge, {}, true, clock_.monotonic() + kTpmAnswerLifetime, 0});
}

void TpmChallenges::keep(const Device& device, Entry entry) {
  std::vector<Entry>& held = entries_[device];
  const auto same = std::find_if(held.begin(), held.end(), [&entry](const Entry& one) {
    return one.challenge.key == entry.challenge.key &&
           same_keys(one.challenge.keys, entry.challenge.keys);
  });
  if (same != held.end()) {
    // An answer is not undone by somebody who asks again.
    if (same->answered && !entry.answered) return;
    order_.erase(place_of(device, *same));
    entry.serial = same->serial;
    *same = std::move(entry);
    order_.insert(place_of(device, *same));
    return;
  }
  if (held.size() >= kMaxTpmChallengesPerDevice) {
    const auto victim =
        std::min_element(held.begin(), held.end(), [&entry](const Entry& a, const Entry& b) {
          const auto rank = [&entry](const Entry& one) {
            return std::tuple(one.answered, one.source != entry.source, one.until, one.serial);
          };
          return rank(a) < rank(b);
        });
    order_.erase(place_of(device, *victim));
    held.erase(victim);
  } else if (order_.size() >= capacity_) {
    const Place first = *order_.begin();
    forget(first);
  }
  // Forgetting may have taken the device's own entry along.
  entry.serial = ++last_serial_;
  order_.insert(place_of(device, entry));
  entries_[device].push_back(std::move(entry));
}

void TpmChallenges::forget(const Place& place) {
  const std::uint64_t serial = std::get<2>(place);
  const auto found = entries_.find(std::get<3>(place));
  std::erase_if(found->second, [serial](const Entry& entry) { return entry.serial == serial; });
  if (found->second.empty()) entries_.erase(found);
  order_.erase(place);
}

void TpmChallenges::forget_expired() {
  const MonotonicTime now = clock_.monotonic();
  // Of each half of the order, what ends first is in front.
  for (const bool answered : {false, true}) {
    for (auto first = order_.lower_bound({answered, MonotonicTime::min(), 0, {}});
         first != order_.end() && std::get<0>(*first) == answered && std::get<1>(*first) <= now;
         first = order_.lower_bound({answered, MonotonicTime::min(), 0, {}})) {
      const Place place = *first;
      forget(place);
    }
  }
}

TpmChallenges::Place TpmChallenges::place_of(const Device& device, const Entry& entry) {
  return {entry.answered, entry.until, entry.serial, device};
}

}  // namespace berth::gateway
