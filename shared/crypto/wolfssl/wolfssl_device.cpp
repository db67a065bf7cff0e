#include "shared/crypto/wolfssl/wolfssl_device.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <wolfssl/options.h>  // first: it says how the library was built
#include <wolfssl/ssl.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/cryptocb.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include "shared/base/assert.hpp"
#include "shared/base/bytes.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/crypto/openssl/aes_gcm.hpp"
#include "shared/crypto/openssl/p256.hpp"

namespace berth::crypto::wolfssl {

namespace {

using openssl::AesGcm;
using openssl::kMaxP256Signature;
using openssl::kP256KeySize;
using openssl::kP256PointSize;
using openssl::P256;

// Any number that no other device of this process uses.
constexpr int kDeviceId = 0x62657274;

// Key bytes that wolfSSL exports to us, wiped on every way out.
struct ExportedKey {
  ExportedKey() = default;
  ExportedKey(const ExportedKey&) = delete;
  ExportedKey& operator=(const ExportedKey&) = delete;
  ~ExportedKey() { wipe(bytes); }

  std::array<std::uint8_t, kP256KeySize> bytes{};
};

using ExportedPoint = std::array<std::uint8_t, kP256PointSize>;

bool is_p256(const ecc_key* key) {
  return key != nullptr && key->dp != nullptr && key->dp->id == ECC_SECP256R1;
}

bool export_private(ecc_key* key, ExportedKey& into) {
  word32 size = kP256KeySize;
  return wc_ecc_export_private_only(key, into.bytes.data(), &size) == 0 && size == kP256KeySize;
}

bool export_public(ecc_key* key, ExportedPoint& into) {
  word32 size = kP256PointSize;
  return wc_ecc_export_x963(key, into.data(), &size) == 0 && size == kP256PointSize;
}

ByteView view(const byte* data, word32 size) {
  return {data, data == nullptr ? 0 : size};
}

class Device {
 public:
  Device() {
    BERTH_ASSERT(wolfSSL_Init() == WOLFSSL_SUCCESS);
    BERTH_ASSERT(wc_CryptoCb_RegisterDevice(kDeviceId, &Device::call, this) == 0);
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

 private:
  // CRYPTOCB_UNAVAILABLE makes wolfCrypt do the operation itself.
  static int call(int, wc_CryptoInfo* info, void* context) {
    if (info == nullptr || context == nullptr) return BAD_FUNC_ARG;
    const Device& device = *static_cast<const Device*>(context);
    if (info->algo_type == WC_ALGO_TYPE_PK) {
      switch (info->pk.type) {
        case WC_PK_TYPE_EC_KEYGEN: return device.generate(*info);
        case WC_PK_TYPE_ECDH: return device.agree(*info);
        case WC_PK_TYPE_ECDSA_SIGN: return device.sign(*info);
        case WC_PK_TYPE_ECDSA_VERIFY: return device.verify(*info);
        default: return CRYPTOCB_UNAVAILABLE;
      }
    }
    if (info->algo_type == WC_ALGO_TYPE_CIPHER && info->cipher.type == WC_CIPHER_AES_GCM) {
      return info->cipher.enc != 0 ? device.seal(*info) : device.open(*info);
    }
    return CRYPTOCB_UNAVAILABLE;
  }

  int generate(wc_CryptoInfo& info) const {
    const auto& request = info.pk.eckg;
    const bool wanted = request.curveId == ECC_SECP256R1 || request.curveId == ECC_CURVE_DEF;
    if (request.size != static_cast<int>(kP256KeySize) || !wanted) return CRYPTOCB_UNAVAILABLE;
    ExportedKey key;
    ExportedPoint point{};
    if (!p256_.generate(key.bytes, point)) return WC_HW_E;
    return wc_ecc_import_private_key_ex(key.bytes.data(), kP256KeySize, point.data(),
                                        kP256PointSize, request.key, ECC_SECP256R1);
  }

  int agree(wc_CryptoInfo& info) const {
    const auto& request = info.pk.ecdh;
    ExportedKey key;
    ExportedPoint peer{};
    if (!is_p256(request.private_key) || !is_p256(request.public_key) ||
        *request.outlen < kP256KeySize || !export_private(request.private_key, key) ||
        !export_public(request.public_key, peer)) {
      return CRYPTOCB_UNAVAILABLE;
    }
    const std::span<std::uint8_t, kP256KeySize> secret(request.out, kP256KeySize);
    if (!p256_.agree(key.bytes, peer, secret)) return ECC_BAD_ARG_E;
    *request.outlen = kP256KeySize;
    return 0;
  }

  int sign(wc_CryptoInfo& info) const {
    const auto& request = info.pk.eccsign;
    ExportedKey key;
    if (!is_p256(request.key) || *request.outlen < kMaxP256Signature ||
        !export_private(request.key, key)) {
      return CRYPTOCB_UNAVAILABLE;
    }
    const std::span<std::uint8_t, kMaxP256Signature> into(request.out, kMaxP256Signature);
    const std::optional<std::size_t> size =
        p256_.sign(key.bytes, view(request.in, request.inlen), into);
    if (!size) return WC_HW_E;
    *request.outlen = static_cast<word32>(*size);
    return 0;
  }

  int verify(wc_CryptoInfo& info) const {
    const auto& request = info.pk.eccverify;
    ExportedPoint point{};
    if (!is_p256(request.key) || !export_public(request.key, point)) return CRYPTOCB_UNAVAILABLE;
    const bool fits =
        p256_.verify(point, view(request.hash, request.hashlen), view(request.sig, request.siglen));
    *request.res = fits ? 1 : 0;
    return 0;
  }

  static bool is_ours(const Aes* aes, word32 nonce_size, word32 tag_size) {
    return aes != nullptr && nonce_size == AesGcm::kNonceSize && tag_size == AesGcm::kTagSize &&
           (aes->keylen == 16 || aes->keylen == 32);
  }

  static ByteView key_of(const Aes& aes) {
    return {reinterpret_cast<const std::uint8_t*>(aes.devKey),
            static_cast<std::size_t>(aes.keylen)};
  }

  int seal(wc_CryptoInfo& info) const {
    const auto& request = info.cipher.aesgcm_enc;
    if (!is_ours(request.aes, request.ivSz, request.authTagSz)) return CRYPTOCB_UNAVAILABLE;
    const std::span<std::uint8_t> out(request.out, request.sz);
    const std::span<std::uint8_t, AesGcm::kTagSize> tag(request.authTag, AesGcm::kTagSize);
    const bool sealed = aes_gcm_.seal(key_of(*request.aes), view(request.iv, request.ivSz),
                                      view(request.authIn, request.authInSz),
                                      view(request.in, request.sz), out, tag);
    return sealed ? 0 : WC_HW_E;
  }

  int open(wc_CryptoInfo& info) const {
    const auto& request = info.cipher.aesgcm_dec;
    if (!is_ours(request.aes, request.ivSz, request.authTagSz)) return CRYPTOCB_UNAVAILABLE;
    const std::span<std::uint8_t> out(request.out, request.sz);
    const std::span<const std::uint8_t, AesGcm::kTagSize> tag(request.authTag, AesGcm::kTagSize);
    const bool opened = aes_gcm_.open(key_of(*request.aes), view(request.iv, request.ivSz),
                                      view(request.authIn, request.authInSz),
                                      view(request.in, request.sz), tag, out);
    return opened ? 0 : AES_GCM_AUTH_E;
  }

  P256 p256_;
  AesGcm aes_gcm_;
};

}  // namespace

int device_id() {
  // wolfSSL keeps a pointer to it for as long as the process lives.
  static const Device device;
  static_cast<void>(device);
  return kDeviceId;
}

void free_point_cache_at_thread_end() {
  struct PointCache {
    PointCache() = default;
    PointCache(const PointCache&) = delete;
    PointCache& operator=(const PointCache&) = delete;
    ~PointCache() { wc_ecc_fp_free(); }
  };
  static const thread_local PointCache cache;
  static_cast<void>(cache);
}

}  // namespace berth::crypto::wolfssl
