#include "shared/crypto/openssl/private_key.hpp"

#include <string_view>

#include <openssl/ec.h>
#include <openssl/x509.h>

namespace berth::crypto::openssl {

namespace {

using Pkcs8 = Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;

Key decode_pkcs8(ByteView der) {
  const unsigned char* at = der.data();
  const Pkcs8 wrapped(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (!wrapped || at != der.data() + der.size()) return nullptr;
  return Key(EVP_PKCS82PKEY(wrapped.get()));
}

Key decode_older(int type, ByteView der) {
  const unsigned char* at = der.data();
  Key key(d2i_PrivateKey(type, nullptr, &at, static_cast<long>(der.size())));
  if (key && at != der.data() + der.size()) return nullptr;
  return key;
}

}  // namespace

Result<Key> read_pkcs8(ByteView der) {
  if (der.empty() || der.size() > kMaxKeyDer) {
    return Error{Errc::malformed, "not a PKCS#8 private key: its size is out of bounds"};
  }
  Key key = decode_pkcs8(der);
  if (!key) return failure(Errc::malformed, "not a PKCS#8 private key");
  return key;
}

Result<Key> read_private_key(ByteView der) {
  if (der.empty() || der.size() > kMaxKeyDer) {
    return Error{Errc::malformed, "not a private key: its size is out of bounds"};
  }
  if (Key key = decode_pkcs8(der)) return key;
  for (const int type : {EVP_PKEY_EC, EVP_PKEY_RSA}) {
    if (Key key = decode_older(type, der)) {
      ERR_clear_error();
      return key;
    }
  }
  return failure(Errc::malformed, "not a private key");
}

Result<Key> read_p256_pkcs8(ByteView der) {
  Result<Key> key = read_pkcs8(der);
  if (!key) return key;
  if (!is_p256(**key)) return Error{Errc::malformed, "the private key is not an ECDSA P-256 key"};
  // libcrypto reads any number; one out of range would sign what nobody can verify.
  const Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key->get(), nullptr));
  if (!context || EVP_PKEY_private_check(context.get()) != 1) {
    return failure(Errc::malformed, "the P-256 private key is out of range");
  }
  return key;
}

Result<SecretBytes> to_pkcs8(const EVP_PKEY& key) {
  const Pkcs8 wrapped(EVP_PKEY2PKCS8(&key));
  if (!wrapped) return failure(Errc::internal, "the private key cannot be written as PKCS#8");
  SecretBytes der(
      encoded([&](unsigned char** out) { return i2d_PKCS8_PRIV_KEY_INFO(wrapped.get(), out); }));
  if (der.empty()) return failure(Errc::internal, "the private key cannot be written as PKCS#8");
  return der;
}

bool is_p256(const EVP_PKEY& key) {
  if (EVP_PKEY_get_id(&key) != EVP_PKEY_EC) return false;
  char name[32] = {};
  if (EVP_PKEY_get_group_name(&key, name, sizeof name, nullptr) != 1) return false;
  return std::string_view(name) == "prime256v1";
}

}  // namespace berth::crypto::openssl
