// Attestation by certificate (device API 5, service API 2.7). The rules of path building (names,
// validity, CA flag, path length, key usage, nearest issuer as anchor) are all here, over parsed
// fields and a check of one signature, so that two TLS libraries cannot give two verdicts
// (design 3.2). RFC 5280 section 6 is followed; what differs is said where it differs.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/attestation/evidence.hpp"
#include "shared/domain/model/enrollment.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

// Most signatures that one attestation may cost, so that a chain of look-alikes cannot burn a core.
inline constexpr std::size_t kMaxSignatureChecks = 32;

struct X509Rules {
  // How far a clock may be off when a certificate's validity is judged.
  std::chrono::seconds skew{300};
};

// A certificate that an enrollment trusts.
struct Anchor {
  ports::Certificate certificate;
  EnrollmentGroupId group;  // empty: an individual enrollment names it
  // False: an uploaded CA certificate whose key nobody has proved to possess (design 3.3).
  bool verified = true;
};

// What the key of chain[0] is for.
enum class LeafUse : std::uint8_t {
  signs_handshake,  // a device's: it signs the TLS handshake (RFC 5246 section 7.4.6)
  unwraps_keys,     // a TPM's endorsement key: it does nothing else
};

// The anchors whose certificate has this subject (DER of the Name).
using AnchorsBySubject = std::function<Result<std::vector<Anchor>>(ByteView subject)>;

// Where a path ends: at the anchors nearest to the leaf. Several groups may trust one key; all
// whose certificate may stand at the end of this path are given, in the order of the lookup.
struct Path {
  std::vector<Anchor> anchors;
  std::size_t intermediates = 0;  // presented certificates between leaf and anchor
};

// Why no path was accepted.
struct PathFailure {
  Error error;
  bool no_anchor = false;  // the chain leads to no enrollment group at all
};

// Builds the shortest path from chain[0] to an anchor. Presented certificates may come in any order
// and need not belong to the path. Only what lies on the path is judged.
[[nodiscard]] std::variant<Path, PathFailure> build_path(std::span<const ports::Certificate> chain,
                                                         const AnchorsBySubject& anchors,
                                                         WallTime now, const X509Rules& rules,
                                                         ports::Crypto& crypto,
                                                         LeafUse use = LeafUse::signs_handshake);

// The certificate is valid at `now`, give or take the skew. `what` names it in the reason ("leaf").
// Errc::certificate_refused otherwise.
[[nodiscard]] Result<void> check_validity(const ports::Certificate& certificate,
                                          const std::string& what, WallTime now,
                                          const X509Rules& rules);

// The leaf's common name is the registration ID, whatever the case. Errc::certificate_refused
// otherwise.
[[nodiscard]] Result<void> check_common_name(const ports::Certificate& leaf,
                                             const RegistrationId& registration_id);

// An individual enrollment: the leaf is its primary or secondary client certificate, byte for byte.
[[nodiscard]] bool is_enrolled_certificate(const ports::Certificate& leaf,
                                           const X509Attestation& attestation);

}  // namespace berth::domain
