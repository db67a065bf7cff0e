#include "shared/crypto/openssl/aes_gcm.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <openssl/evp.h>

#include "shared/base/assert.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/crypto/openssl/handle.hpp"

namespace berth::crypto::openssl {

namespace {

using Context = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

bool fits(ByteView data) {
  return data.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max());
}

int size_of(ByteView data) {
  return static_cast<int>(data.size());
}

// libcrypto takes a null output for associated data, so no update is made without data.
bool update(EVP_CIPHER_CTX* context, std::uint8_t* into, ByteView data) {
  int size = 0;
  return data.empty() || EVP_CipherUpdate(context, into, &size, data.data(), size_of(data)) == 1;
}

bool finish(EVP_CIPHER_CTX* context) {
  std::array<std::uint8_t, EVP_MAX_BLOCK_LENGTH> nothing{};
  int size = 0;
  return EVP_CipherFinal_ex(context, nothing.data(), &size) == 1;
}

}  // namespace

struct AesGcm::Ciphers {
  Handle<EVP_CIPHER, EVP_CIPHER_free> aes128{EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr)};
  Handle<EVP_CIPHER, EVP_CIPHER_free> aes256{EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)};

  // A context with key and nonce set; nothing if their sizes are wrong.
  [[nodiscard]] Context begin(ByteView key, ByteView nonce, bool encrypts) const {
    if (nonce.size() != kNonceSize || (key.size() != 16 && key.size() != 32)) return nullptr;
    const EVP_CIPHER* cipher = key.size() == 16 ? aes128.get() : aes256.get();
    Context context(EVP_CIPHER_CTX_new());
    if (!context || EVP_CipherInit_ex2(context.get(), cipher, key.data(), nonce.data(),
                                       encrypts ? 1 : 0, nullptr) != 1) {
      return nullptr;
    }
    return context;
  }
};

AesGcm::AesGcm() : ciphers_(std::make_unique<Ciphers>()) {
  BERTH_ASSERT(ciphers_->aes128 != nullptr && ciphers_->aes256 != nullptr);
}
AesGcm::~AesGcm() = default;

bool AesGcm::seal(ByteView key, ByteView nonce, ByteView associated_data, ByteView plaintext,
                  std::span<std::uint8_t> ciphertext, std::span<std::uint8_t, kTagSize> tag) const {
  if (!fits(plaintext) || !fits(associated_data) || ciphertext.size() != plaintext.size()) {
    return false;
  }
  const Context context = ciphers_->begin(key, nonce, true);
  return context && update(context.get(), nullptr, associated_data) &&
         update(context.get(), ciphertext.data(), plaintext) && finish(context.get()) &&
         EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()),
                             tag.data()) == 1;
}

bool AesGcm::open(ByteView key, ByteView nonce, ByteView associated_data, ByteView ciphertext,
                  std::span<const std::uint8_t, kTagSize> tag,
                  std::span<std::uint8_t> plaintext) const {
  if (!fits(ciphertext) || !fits(associated_data) || ciphertext.size() != plaintext.size()) {
    return false;
  }
  const Context context = ciphers_->begin(key, nonce, false);
  if (!context) return false;
  std::array<std::uint8_t, kTagSize> expected{};
  std::copy(tag.begin(), tag.end(), expected.begin());
  const bool fitting =
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(expected.size()),
                          expected.data()) == 1 &&
      update(context.get(), nullptr, associated_data) &&
      update(context.get(), plaintext.data(), ciphertext) && finish(context.get());
  if (!fitting) wipe(plaintext);
  return fitting;
}

}  // namespace berth::crypto::openssl
