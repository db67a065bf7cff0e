#include "shared/crypto/openssl/key_pair.hpp"

#include <openssl/x509.h>

#include "shared/crypto/openssl/private_key.hpp"

namespace berth::crypto::openssl {

bool is_key_pair(ByteView pkcs8, ByteView spki) {
  const Result<Key> private_key = read_pkcs8(pkcs8);
  const unsigned char* at = spki.data();
  const Key public_key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  const bool fits =
      private_key && public_key && EVP_PKEY_eq(private_key->get(), public_key.get()) == 1;
  ERR_clear_error();
  return fits;
}

}  // namespace berth::crypto::openssl
