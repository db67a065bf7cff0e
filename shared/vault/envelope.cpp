#include "shared/vault/envelope.hpp"

#include <array>
#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/fields.hpp"

namespace berth::vault {
namespace {

Bytes associated_data(std::uint32_t key_version, const Place& place) {
  return FieldWriter()
      .u8(kEnvelopeFormat)
      .u32(key_version)
      .u8(static_cast<std::uint8_t>(place.purpose))
      .u8(place.table)
      .u64(place.version)
      .text(place.tenant)
      .bytes(place.row_key)
      .take();
}

}  // namespace

Bytes seal(ports::Crypto& crypto, ports::Entropy& entropy, const SealingKey& key,
           const Place& place, ByteView content) {
  BERTH_ASSERT(key.bytes.size() == ports::kAesKeySize);
  std::array<std::uint8_t, ports::kGcmNonceSize> nonce{};
  entropy.fill(nonce);
  const Bytes sealed = crypto.aes256_gcm_seal(key.bytes.reveal(), nonce,
                                              associated_data(key.version, place), content);
  return FieldWriter().u8(kEnvelopeFormat).u32(key.version).raw(nonce).raw(sealed).take();
}

Result<std::uint32_t> key_version_of(ByteView envelope) {
  FieldReader reader(envelope);
  const std::uint8_t format = reader.u8();
  const std::uint32_t version = reader.u32();
  if (envelope.size() < kEnvelopeOverhead) return Error{Errc::corrupt, "the envelope is cut short"};
  if (format != kEnvelopeFormat) return Error{Errc::corrupt, "the envelope's format is not known"};
  return version;
}

Result<Bytes> open(ports::Crypto& crypto, const SealingKey& key, const Place& place,
                   ByteView envelope) {
  BERTH_ASSERT(key.bytes.size() == ports::kAesKeySize);
  const auto version = key_version_of(envelope);
  if (!version) return version.error();
  if (*version != key.version) return Error{Errc::corrupt, "the envelope names another key"};
  const ByteView nonce = envelope.subspan(5, ports::kGcmNonceSize);
  auto content =
      crypto.aes256_gcm_open(key.bytes.reveal(), nonce, associated_data(key.version, place),
                             envelope.subspan(5 + ports::kGcmNonceSize));
  if (!content) return Error{Errc::corrupt, "the seal does not fit"};
  return content;
}

}  // namespace berth::vault
