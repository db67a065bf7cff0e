#include "shared/domain/audit/seal.hpp"

#include <algorithm>

#include "shared/base/fields.hpp"

namespace berth::domain {
namespace {

constexpr std::string_view kSealLabel = "berth audit seal 1";
constexpr std::uint8_t kSealFormat = 1;
// Larger than any certificate or signature of ours.
constexpr std::size_t kMaxSeal = 16 * 1024;

Error unfit(const AuditSeal& seal, const std::string& why) {
  return {Errc::unauthorized, "the seal of " + seal.signer + " over entry " +
                                  std::to_string(seal.position.sequence) + " " + why};
}

}  // namespace

std::string node_of_chain(const std::string& chain) {
  return chain.substr(0, chain.find('~'));
}

Bytes seal_statement(const AuditSeal& seal) {
  FieldWriter writer;
  writer.text(kSealLabel).text(seal.chain).u64(seal.position.sequence).raw(seal.position.hash);
  writer.u64(static_cast<std::uint64_t>(unix_micros(seal.position.time)));
  writer.text(seal.signer).u64(static_cast<std::uint64_t>(unix_micros(seal.signed_at)));
  return writer.take();
}

Result<void> check_seal(const AuditSeal& seal, const ports::Certificate& ca,
                        ports::Crypto& crypto) {
  Bytes key = ca.public_key;
  if (!seal.certificate.empty()) {
    const auto certificate = crypto.parse_certificate(seal.certificate);
    if (!certificate) return unfit(seal, "comes with a certificate that can't be read");
    // Only names of gateways stand in certificates that this CA gives to clients; none is as long
    // as to be cut.
    if (certificate->common_name != seal.signer) {
      return unfit(seal, "comes with a certificate of " + certificate->common_name);
    }
    if (certificate->is_ca || !crypto.is_signed_by(*certificate, ca)) {
      return unfit(seal, "comes with a certificate that is not of this CA");
    }
    key = certificate->public_key;
  }
  if (!crypto.verify_p256(key, seal_statement(seal), seal.signature)) {
    return unfit(seal, "is not signed by its key");
  }
  return {};
}

Bytes encode_seal(const AuditSeal& seal) {
  FieldWriter writer;
  writer.u8(kSealFormat).text(seal.chain).u64(seal.position.sequence).raw(seal.position.hash);
  writer.u64(static_cast<std::uint64_t>(unix_micros(seal.position.time))).text(seal.signer);
  writer.u64(static_cast<std::uint64_t>(unix_micros(seal.signed_at)));
  writer.bytes(seal.signature).bytes(seal.certificate);
  return writer.take();
}

Result<AuditSeal> decode_seal(ByteView encoded) {
  const Error unreadable{Errc::corrupt, "a seal of the audit log can't be read"};
  FieldReader reader(encoded);
  if (encoded.size() > kMaxSeal || reader.u8() != kSealFormat) return unreadable;
  AuditSeal seal;
  seal.chain = std::string(reader.text());
  seal.position.sequence = reader.u64();
  const ByteView hash = reader.raw(seal.position.hash.size());
  if (!reader.ok()) return unreadable;
  std::copy(hash.begin(), hash.end(), seal.position.hash.begin());
  seal.position.time = from_unix_micros(static_cast<std::int64_t>(reader.u64()));
  seal.signer = std::string(reader.text());
  seal.signed_at = from_unix_micros(static_cast<std::int64_t>(reader.u64()));
  seal.signature = to_bytes(reader.bytes());
  seal.certificate = to_bytes(reader.bytes());
  if (!reader.at_end()) return unreadable;
  return seal;
}

}  // namespace berth::domain
