// A seal: somebody's signed word on where a chain stood. By the chain's own node it signs the head;
// by another it countersigns it. A node that rewrites its log can sign anew itself, but nobody else
// will (docs/formats/audit.md).
//
// The coordinator signs with its CA's key. A gateway signs with the key of its certificate, which
// goes along, so that whoever knows the CA can check the seal alone.
#pragma once

#include <string>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/timestamp.hpp"
#include "shared/domain/audit/chain.hpp"
#include "shared/ports/crypto.hpp"

namespace berth::domain {

struct AuditSeal {
  std::string chain;
  AuditPosition position;
  std::string signer;  // a node's ID
  WallTime signed_at{};
  Bytes signature;    // ECDSA P-256, DER
  Bytes certificate;  // of a gateway that signs, DER; empty: the CA's key

  // "<node ID>" or "<node ID>~<n>": the node whose chain it is. A node that lost its log, or whose
  // disk was rolled back, begins another chain.
};

// The node that a chain belongs to.
[[nodiscard]] std::string node_of_chain(const std::string& chain);

// What is signed.
[[nodiscard]] Bytes seal_statement(const AuditSeal& seal);

// Whether the seal is the word of `signer` under this CA. Errc::unauthorized, saying why,
// otherwise.
[[nodiscard]] Result<void> check_seal(const AuditSeal& seal, const ports::Certificate& ca,
                                      ports::Crypto& crypto);

// As records keep it.
[[nodiscard]] Bytes encode_seal(const AuditSeal& seal);
[[nodiscard]] Result<AuditSeal> decode_seal(ByteView encoded);

}  // namespace berth::domain
