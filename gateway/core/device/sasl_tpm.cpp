#include "gateway/core/device/sasl_tpm.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "gateway/core/limits.hpp"
#include "shared/domain/attestation/evidence.hpp"
#include "shared/domain/attestation/tpm_storage_key.hpp"
#include "shared/domain/attestation/tpm_wire.hpp"

namespace berth::gateway {
namespace {

// Control bytes: 0x80 carries data, 0x40 is the last one, the low bits count from 0.
constexpr std::uint8_t kFirstSegment = 0x80;
constexpr std::uint8_t kLastSegment = 0xC1;

Error malformed(const char* what) {
  return Error{Errc::malformed, std::string("SASL TPM: ") + what};
}

// What stands before the next zero byte; `text` goes on behind it.
std::optional<std::string_view> take_name(std::string_view& text) {
  const std::size_t end = text.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view name = text.substr(0, end);
  text.remove_prefix(end + 1);
  return name;
}

// Behind the zero byte that every response begins with.
std::optional<ByteView> payload(ByteView response) {
  if (response.size() < 2 || response.front() != 0) return std::nullopt;
  return response.subspan(1);
}

}  // namespace

Result<void> SaslTpm::on_init(ByteView response) {
  if (state_ != State::init) return malformed("init comes once");
  std::string_view text = as_text(response);
  const auto empty = take_name(text);
  const auto id_scope = take_name(text);
  const auto registration_id = take_name(text);
  if (!empty || !empty->empty() || !id_scope || id_scope->empty() || !registration_id ||
      registration_id->empty() || text.empty()) {
    return malformed("the initial response does not parse");
  }
  id_scope_ = std::string(*id_scope);
  registration_id_ = std::string(*registration_id);
  keys_.endorsement_key = to_bytes(text);
  state_ = State::root_key;
  return {};
}

Result<SaslTpm::Step> SaslTpm::on_response(ByteView response) {
  switch (state_) {
    case State::root_key: {
      const auto key = payload(response);
      if (!key) return malformed("the storage root key is missing");
      if (!take_root_key(*key))
        return malformed("what follows the storage root key does not parse");
      state_ = State::challenge;
      return Step::needs_challenge;
    }
    case State::first_segment:
      // Whatever it says: Node, C and Java differ (device API 3.4, step 6).
      state_ = State::token;
      return Step::send_segment;
    case State::token: {
      const auto token = payload(response);
      if (!token) return malformed("the token is missing");
      token_ = SecretBytes::copy_of(*token);
      state_ = State::done;
      return Step::done;
    }
    case State::init:
    case State::challenge:
    case State::done: break;
  }
  return malformed("a response that nothing asked for");
}

// Behind the TPM2B_PUBLIC may stand certificates, each with a size of two bytes in front: ours
// (docs/attestation/tpm.md).
bool SaslTpm::take_root_key(ByteView key) {
  domain::TpmReader in(key);
  const auto area = in.sized(domain::kMaxTpmPublicSize);
  if (!area) {
    // None at all, as whoever judges the key will say.
    keys_.storage_root_key = to_bytes(key);
    return true;
  }
  keys_.storage_root_key = domain::sized(*area);
  while (!in.at_end()) {
    const auto certificate = in.sized(domain::kMaxTpmCertificateSize);
    if (!certificate || keys_.certificates.size() == domain::kMaxTpmCertificates) return false;
    keys_.certificates.push_back(to_bytes(*certificate));
  }
  return true;
}

Result<void> SaslTpm::on_challenge(ByteView challenge) {
  if (state_ != State::challenge) return Error{Errc::internal, "SASL TPM: no challenge was due"};
  if (challenge.size() > kMaxTpmChallenge) {
    return Error{Errc::too_large, "SASL TPM: the challenge does not fit into two segments"};
  }
  challenge_ = to_bytes(challenge);
  state_ = State::first_segment;
  return {};
}

Bytes SaslTpm::take_segment() {
  const bool is_last = state_ == State::token;
  // The first segment takes what it can: the second one then always has room for the rest.
  const std::size_t from = is_last ? std::min(challenge_.size(), kMaxTpmSegment) : 0;
  const ByteView part = ByteView(challenge_).subspan(from);
  Bytes segment;
  segment.reserve(1 + kMaxTpmSegment);
  segment.push_back(is_last ? kLastSegment : kFirstSegment);
  append(segment, part.first(std::min(part.size(), kMaxTpmSegment)));
  return segment;
}

}  // namespace berth::gateway
