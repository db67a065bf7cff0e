// The one closed set of error kinds. The device or the admin is answered through a catalogue that
// maps a kind once per protocol (shared/protocol/errors); the installer reads Error::reason.
#pragma once

#include <cstdint>
#include <string_view>

namespace berth {

enum class Errc : std::uint8_t {
  // What a peer sent is wrong.
  malformed,    // does not parse
  too_large,    // over a limit
  invalid,      // parses, but means nothing we can do
  unsupported,  // understood, and not offered
  // Who a peer is does not suffice.
  unauthorized,         // credential missing, wrong or expired
  certificate_refused,  // the certificate or its chain does not attest
  forbidden,            // known, but may not
  disabled,             // the enrollment that answers is disabled
  // What is stored does not fit.
  not_found,
  group_not_found,
  already_exists,
  version_mismatch,  // If-Match, or an expected record version
  conflict,
  // Not now.
  throttled,
  unavailable,  // a peer, or the link to it, is down; try again
  timed_out,
  // What a hub said.
  hub_refused,       // definite, before anything was written
  hub_unauthorized,  // the hub does not accept our credential
  hub_full,          // quota or device count
  hub_conflict,      // an identity that is not ours stands there
  no_hub,            // no eligible hub
  // What a webhook said (DPS custom allocation).
  allocation_failed,
  allocation_hub_missing,
  allocation_unauthorized,
  // At home.
  corrupt,    // a stored record fails its seal, or a frame its checksum
  wrong_key,  // the root key is missing or another one
  io,         // disk or socket
  internal,
};

// The kind's name as written in code, for logs and tests.
std::string_view name_of(Errc code);

}  // namespace berth
