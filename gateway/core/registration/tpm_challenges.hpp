// The challenges that TPMs were given and may answer (device API 4.2), by registration ID,
// endorsement key and storage root key; a few per ID, bounded and expiring.
//
// An endorsement key is no secret, so anybody may ask in a device's name, with as many storage root
// keys as he likes. That locks nobody out:
//  - keys are derived from what was asked for, so that asking again changes nothing, and a device
//    that repeats its keys beside its answer, as all but one SDK do, depends on no table;
//  - what was answered is never displaced by what was not;
//  - what one address asked for displaces its own first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "shared/base/secret_bytes.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/attestation/evidence.hpp"
#include "shared/domain/attestation/tpm.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::gateway {

class TpmChallenges {
 public:
  using Device = std::pair<domain::IdScope, domain::RegistrationId>;

  TpmChallenges(std::size_t capacity, ports::Crypto& crypto, ports::Clock& clock,
                ports::Entropy& entropy)
      : capacity_(capacity), crypto_(crypto), clock_(clock), entropy_(entropy) {}

  // The key to be wrapped for the chip: the same one for some minutes. `source` is who asks.
  [[nodiscard]] SecretBytes open(const Device& device, const domain::TpmEvidence& keys,
                                 const std::string& source);

  // Those that a token of the device may answer, with the keys shown beside it, if any were.
  [[nodiscard]] std::vector<domain::TpmChallenge> open_for(
      const Device& device, const std::optional<domain::TpmEvidence>& shown);

  // The chip has proved itself, and signs its polls with the same key: the challenge stays for as
  // long as it is used.
  void answered(const Device& device, const domain::TpmChallenge& challenge);

  [[nodiscard]] std::size_t size() const { return order_.size(); }

 private:
  struct Entry {
    domain::TpmChallenge challenge;
    std::string source;
    bool answered = false;
    MonotonicTime until{};
    std::uint64_t serial = 0;
  };
  using Entries = std::map<Device, std::vector<Entry>>;
  // Who makes room first comes first.
  using Place = std::tuple<bool, MonotonicTime, std::uint64_t, Device>;

  [[nodiscard]] std::uint64_t slot() const;
  [[nodiscard]] SecretBytes key_in(std::uint64_t slot, const Device& device,
                                   const domain::TpmEvidence& keys);
  void keep(const Device& device, Entry entry);
  void forget(const Place& place);
  void forget_expired();
  [[nodiscard]] static Place place_of(const Device& device, const Entry& entry);

  std::size_t capacity_;
  ports::Crypto& crypto_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
  SecretBytes secret_;  // drawn at first use; gone at a restart, and all challenges with it
  Entries entries_;
  std::set<Place> order_;
  std::uint64_t last_serial_ = 0;
};

}  // namespace berth::gateway
