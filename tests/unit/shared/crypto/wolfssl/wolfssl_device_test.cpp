// The device against wolfCrypt's own arithmetic: each must accept what the other made.
#include "shared/crypto/wolfssl/wolfssl_device.hpp"

#include <array>
#include <cstdint>

#include <CppUTest/TestHarness.h>
#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/random.h>

#include "shared/base/bytes.hpp"

namespace berth {
namespace {

constexpr int kSoftware = INVALID_DEVID;
constexpr word32 kDigestSize = 32;

struct EccKey {
  explicit EccKey(int device) { CHECK(wc_ecc_init_ex(&key, nullptr, device) == 0); }
  EccKey(const EccKey&) = delete;
  EccKey& operator=(const EccKey&) = delete;
  ~EccKey() { wc_ecc_free(&key); }
  ecc_key key{};
};

TEST_GROUP(WolfsslDevice) {
  int device = crypto::wolfssl::device_id();
  WC_RNG random{};
  std::array<std::uint8_t, kDigestSize> digest{1, 2, 3};

  void setup() override {
    crypto::wolfssl::free_point_cache_at_thread_end();
    CHECK(wc_InitRng(&random) == 0);
  }
  void teardown() override {
    wc_FreeRng(&random);
  }

  void generate(EccKey & key, int curve = ECC_SECP256R1, int size = 32) {
    CHECK(wc_ecc_make_key_ex(&random, size, &key.key, curve) == 0);
  }
  // The same key, to be used by another device.
  void copy(EccKey & from, EccKey & to) {
    std::array<std::uint8_t, 32> number{};
    std::array<std::uint8_t, 65> point{};
    word32 number_size = number.size();
    word32 point_size = point.size();
    CHECK(wc_ecc_export_private_only(&from.key, number.data(), &number_size) == 0);
    CHECK(wc_ecc_export_x963(&from.key, point.data(), &point_size) == 0);
    CHECK(wc_ecc_import_private_key_ex(number.data(), number_size, point.data(), point_size,
                                       &to.key, ECC_SECP256R1) == 0);
  }
  Bytes sign(EccKey & key) {
    Bytes signature(120);
    word32 size = static_cast<word32>(signature.size());
    CHECK(wc_ecc_sign_hash(digest.data(), kDigestSize, signature.data(), &size, &random,
                           &key.key) == 0);
    signature.resize(size);
    return signature;
  }
  bool verify(EccKey & key, const Bytes& signature) {
    int fits = 0;
    CHECK(wc_ecc_verify_hash(signature.data(), static_cast<word32>(signature.size()), digest.data(),
                             kDigestSize, &fits, &key.key) == 0);
    return fits == 1;
  }
  Bytes agree(EccKey & own, EccKey & peer) {
    CHECK(wc_ecc_set_rng(&own.key, &random) == 0);
    Bytes secret(66);
    word32 size = static_cast<word32>(secret.size());
    CHECK(wc_ecc_shared_secret(&own.key, &peer.key, secret.data(), &size) == 0);
    secret.resize(size);
    return secret;
  }
};

TEST(WolfsslDevice, IsTheSameEveryTime) {
  LONGS_EQUAL(device, crypto::wolfssl::device_id());
  CHECK(device != kSoftware);
}

TEST(WolfsslDevice, SignaturesAreAcceptedBothWays) {
  EccKey fast(device);
  EccKey plain(kSoftware);
  generate(fast);
  copy(fast, plain);
  CHECK(verify(plain, sign(fast)));
  CHECK(verify(fast, sign(plain)));
}

TEST(WolfsslDevice, AWrongSignatureIsRefused) {
  EccKey fast(device);
  generate(fast);
  const Bytes signature = sign(fast);
  digest[0] ^= 1;
  CHECK(!verify(fast, signature));
}

TEST(WolfsslDevice, SharedSecretsAgreeBothWays) {
  EccKey fast(device);
  EccKey plain(kSoftware);
  generate(fast);
  generate(plain);
  CHECK(agree(fast, plain) == agree(plain, fast));
}

TEST(WolfsslDevice, OtherCurvesStayWolfcrypts) {
  EccKey one(device);
  EccKey other(kSoftware);
  generate(one, ECC_SECP384R1, 48);
  generate(other, ECC_SECP384R1, 48);
  CHECK(agree(one, other) == agree(other, one));
  CHECK(verify(one, sign(one)));
}

TEST(WolfsslDevice, SealedRecordsAreOpenedBothWays) {
  const Bytes nonce(12, 3);
  const Bytes associated(13, 4);
  const Bytes text(100, 5);
  for (const std::size_t key_size : {std::size_t{16}, std::size_t{32}}) {
    const Bytes key(key_size, 6);
    for (const int sealer : {device, kSoftware}) {
      Bytes sealed(text.size());
      Bytes tag(16);
      Aes aes;
      CHECK(wc_AesInit(&aes, nullptr, sealer) == 0);
      CHECK(wc_AesGcmSetKey(&aes, key.data(), static_cast<word32>(key.size())) == 0);
      CHECK(wc_AesGcmEncrypt(&aes, sealed.data(), text.data(), 100, nonce.data(), 12, tag.data(),
                             16, associated.data(), 13) == 0);
      wc_AesFree(&aes);

      Bytes opened(text.size());
      CHECK(wc_AesInit(&aes, nullptr, sealer == device ? kSoftware : device) == 0);
      CHECK(wc_AesGcmSetKey(&aes, key.data(), static_cast<word32>(key.size())) == 0);
      CHECK(wc_AesGcmDecrypt(&aes, opened.data(), sealed.data(), 100, nonce.data(), 12, tag.data(),
                             16, associated.data(), 13) == 0);
      CHECK(opened == text);
      tag[0] ^= 1;
      CHECK(wc_AesGcmDecrypt(&aes, opened.data(), sealed.data(), 100, nonce.data(), 12, tag.data(),
                             16, associated.data(), 13) == AES_GCM_AUTH_E);
      wc_AesFree(&aes);
    }
  }
}

}  // namespace
}  // namespace berth
