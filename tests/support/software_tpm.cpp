#include "tests/support/software_tpm.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string_view>
#include <utility>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "shared/base/encoding.hpp"

namespace berth::testing {
namespace {

using Digest = std::array<std::uint8_t, SHA256_DIGEST_LENGTH>;

void must(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "software_tpm: %s failed\n", what);
  std::abort();
}

Bytes joined(std::initializer_list<ByteView> parts) {
  Bytes out;
  for (const ByteView part : parts) append(out, part);
  return out;
}

Bytes sha256(ByteView data) {
  Digest digest{};
  SHA256(data.data(), data.size(), digest.data());
  return to_bytes(digest);
}

Bytes hmac(ByteView key, ByteView data) {
  Digest digest{};
  unsigned int size = 0;
  must(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(),
            digest.data(), &size) != nullptr,
       "HMAC");
  return to_bytes(digest);
}

Bytes cfb_decrypt(ByteView key, ByteView data) {
  const std::array<std::uint8_t, 16> zero{};
  Bytes out(data.size() + 16);
  int size = 0;
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  must(key.size() == 16 &&
           EVP_DecryptInit_ex2(context, EVP_aes_128_cfb128(), key.data(), zero.data(), nullptr) ==
               1 &&
           EVP_DecryptUpdate(context, out.data(), &size, data.data(),
                             static_cast<int>(data.size())) == 1,
       "AES-CFB");
  EVP_CIPHER_CTX_free(context);
  out.resize(data.size());
  return out;
}

// One block is enough for all that is asked for here.
Bytes kdfa(ByteView key, std::string_view label, ByteView u, std::uint16_t bits) {
  const Bytes one{0, 0, 0, 1};
  const Bytes end{0, 0, static_cast<std::uint8_t>(bits >> 8U),
                  static_cast<std::uint8_t>(bits & 0xFFU)};
  Bytes made = hmac(key, joined({one, as_bytes(label), Bytes{0}, u, end}));
  made.resize(bits / 8);
  return made;
}

// Takes a TPM2B from the front.
std::optional<Bytes> take(ByteView& from) {
  if (from.size() < 2) return std::nullopt;
  const std::size_t size = static_cast<std::size_t>(from[0] << 8U | from[1]);
  if (from.size() < 2 + size) return std::nullopt;
  Bytes content = to_bytes(from.subspan(2, size));
  from = from.subspan(2 + size);
  return content;
}

Bytes name_of(ByteView area) {
  return joined({Bytes{0x00, 0x0B}, sha256(area)});
}

// Checks the MAC, then decrypts.
std::optional<Bytes> unprotect(ByteView seed, ByteView name, ByteView wrapped) {
  const auto mac = take(wrapped);
  if (!mac || *mac != hmac(kdfa(seed, "INTEGRITY", {}, 256), joined({wrapped, name}))) {
    return std::nullopt;
  }
  return cfb_decrypt(kdfa(seed, "STORAGE", name, 128), wrapped);
}

// The templates of Microsoft's SDKs (device API 4.4), up to the modulus.
constexpr std::string_view kEndorsementTemplate =
    "013a0001000b000300b20020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa000600"
    "8"
    "0004300100800000000000100";
constexpr std::string_view kRootTemplate =
    "011a0001000b000304720000000600800043001008000000000001"
    "00";

Bytes public_of(std::string_view from_template, const RsaKey& key) {
  return joined({*from_hex(from_template), key.public_key().modulus});
}

// Keys are dear to make: each is made once in a process.
const RsaKey& kept_key(unsigned chip, unsigned which) {
  static std::map<std::pair<unsigned, unsigned>, RsaKey> kept;
  return kept[{chip, which}];
}

}  // namespace

SoftwareTpm::SoftwareTpm(unsigned number)
    : number_(number),
      endorsement_(&kept_key(number, 0)),
      endorsement_key_(public_of(kEndorsementTemplate, *endorsement_)) {
  clear();
}

void SoftwareTpm::clear() {
  root_ = &kept_key(number_, ++clearings_);
  storage_root_key_ = public_of(kRootTemplate, *root_);
}

std::optional<SecretBytes> SoftwareTpm::unwrap(ByteView blob) const {
  const auto credential = take(blob);
  const auto credential_secret = take(blob);
  const auto duplicate = take(blob);
  const auto duplicate_secret = take(blob);
  const auto area = take(blob);
  const auto wrap_data = take(blob);
  if (!wrap_data || !blob.empty()) return std::nullopt;

  // ActivateCredential, with the storage root key as the object.
  const auto credential_seed =
      endorsement_->oaep_decrypt(as_bytes(std::string_view("IDENTITY\0", 9)), *credential_secret);
  if (!credential_seed) return std::nullopt;
  const auto identity =
      unprotect(*credential_seed, name_of(ByteView(storage_root_key_).subspan(2)), *credential);
  if (!identity) return std::nullopt;
  ByteView rest = *identity;
  const auto wrap_key = take(rest);
  if (!wrap_key || wrap_key->size() != 16 || !rest.empty()) return std::nullopt;

  // Import under the storage root key.
  const auto seed =
      root_->oaep_decrypt(as_bytes(std::string_view("DUPLICATE\0", 10)), *duplicate_secret);
  if (!seed) return std::nullopt;
  const auto wrapped = unprotect(*seed, name_of(*area), *duplicate);
  if (!wrapped) return std::nullopt;
  const Bytes inner = cfb_decrypt(*wrap_key, *wrapped);
  rest = inner;
  const auto digest = take(rest);
  if (!digest || *digest != sha256(joined({rest, name_of(*area)}))) return std::nullopt;
  const auto sensitive = take(rest);
  if (!sensitive || !rest.empty()) return std::nullopt;
  rest = ByteView(*sensitive).subspan(2);  // the type
  const auto authorization = take(rest);
  const auto seed_value = take(rest);
  const auto key = take(rest);
  if (!authorization || !seed_value || !key || !rest.empty()) return std::nullopt;
  // Load: the public area is that of the sensitive one.
  const Bytes unique = sha256(joined({*seed_value, *key}));
  if (area->size() != 48 || !std::equal(unique.begin(), unique.end(), area->end() - 32)) {
    return std::nullopt;
  }
  return SecretBytes::copy_of(*key);
}

}  // namespace berth::testing
