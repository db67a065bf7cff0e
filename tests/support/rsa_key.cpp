#include "tests/support/rsa_key.hpp"

#include <cstdio>
#include <cstdlib>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

namespace berth::testing {
namespace {

void must(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "rsa_key: %s failed\n", what);
  std::abort();
}

}  // namespace

struct RsaKey::Key {
  EVP_PKEY* pair = nullptr;
};

RsaKey::RsaKey(unsigned bits) : key_(std::make_unique<Key>()) {
  key_->pair = EVP_RSA_gen(bits);
  must(key_->pair != nullptr, "making the key");
}

RsaKey::~RsaKey() {
  EVP_PKEY_free(key_->pair);
}

ports::RsaPublicKey RsaKey::public_key() const {
  BIGNUM* modulus = nullptr;
  must(EVP_PKEY_get_bn_param(key_->pair, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1, "the modulus");
  ports::RsaPublicKey key;
  key.modulus.resize(static_cast<std::size_t>(BN_num_bytes(modulus)));
  BN_bn2bin(modulus, key.modulus.data());
  BN_free(modulus);
  return key;  // EVP_RSA_gen makes exponents of 65537, the default
}

std::optional<Bytes> RsaKey::oaep_decrypt(ByteView label, ByteView ciphertext) const {
  EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new_from_pkey(nullptr, key_->pair, nullptr);
  must(context != nullptr && EVP_PKEY_decrypt_init(context) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1,
       "setting the padding");
  if (!label.empty()) {
    void* const copy = OPENSSL_memdup(label.data(), label.size());
    must(copy != nullptr &&
             EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, static_cast<int>(label.size())) == 1,
         "setting the label");
  }
  Bytes message(static_cast<std::size_t>(EVP_PKEY_get_size(key_->pair)));
  std::size_t size = message.size();
  const bool decrypted =
      EVP_PKEY_decrypt(context, message.data(), &size, ciphertext.data(), ciphertext.size()) == 1;
  EVP_PKEY_CTX_free(context);
  ERR_clear_error();
  if (!decrypted) return std::nullopt;
  message.resize(size);
  return message;
}

}  // namespace berth::testing
