#include "shared/crypto/openssl/rsa_oaep.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "shared/base/secret_bytes.hpp"
#include "shared/crypto/openssl/handle.hpp"
#include "shared/crypto/openssl/private_key.hpp"

namespace berth::crypto::openssl {

namespace {

using Number = Handle<BIGNUM, BN_free>;
using Context = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 4096;

void free_label(unsigned char* label) {
  OPENSSL_free(label);
}

Key read_key(const ports::RsaPublicKey& from) {
  // Measured before libcrypto computes with it.
  if (from.modulus.size() > kMaxRsaBits / 8) return nullptr;
  const Number modulus(
      BN_bin2bn(from.modulus.data(), static_cast<int>(from.modulus.size()), nullptr));
  const Number exponent(BN_new());
  const Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  if (!modulus || !exponent || !builder || !context || BN_num_bits(modulus.get()) < kMinRsaBits ||
      BN_is_odd(modulus.get()) != 1 || from.exponent < 3 || from.exponent % 2 == 0 ||
      BN_set_word(exponent.get(), from.exponent) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return nullptr;
  }
  const Handle<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  EVP_PKEY* key = nullptr;
  if (!parameters || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return Key(key);
}

// libcrypto takes ownership of a label that it allocated itself.
bool set_label(EVP_PKEY_CTX* context, ByteView label) {
  if (label.empty()) return true;
  Handle<unsigned char, free_label> copy(
      static_cast<unsigned char*>(OPENSSL_memdup(label.data(), label.size())));
  if (!copy ||
      EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy.get(), static_cast<int>(label.size())) != 1) {
    return false;
  }
  static_cast<void>(copy.release());
  return true;
}

}  // namespace

Result<Bytes> rsa_oaep_sha256_encrypt(const ports::RsaPublicKey& key, ByteView label,
                                      ByteView message) {
  const Key read = read_key(key);
  if (!read) return failure(Errc::malformed, "not an RSA key of 2048 to 4096 bits");
  const Context context(EVP_PKEY_CTX_new_from_pkey(nullptr, read.get(), nullptr));
  Bytes ciphertext(static_cast<std::size_t>(EVP_PKEY_get_size(read.get())));
  std::size_t size = ciphertext.size();
  if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_sha256()) != 1 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256()) != 1 ||
      !set_label(context.get(), label) ||
      EVP_PKEY_encrypt(context.get(), ciphertext.data(), &size, message.data(), message.size()) !=
          1) {
    return failure(Errc::malformed, "the RSA key encrypts no such message");
  }
  ciphertext.resize(size);
  return ciphertext;
}

}  // namespace berth::crypto::openssl
