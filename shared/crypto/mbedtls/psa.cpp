#include "shared/crypto/mbedtls/psa.hpp"

#include <psa/crypto.h>

#include "shared/base/assert.hpp"

namespace berth::crypto::mbedtls {

namespace {

// PSA's state is the process's, so its mutex is too.
struct Psa {
  Psa() { BERTH_ASSERT(psa_crypto_init() == PSA_SUCCESS); }
  std::mutex mutex;
};

std::mutex& psa_mutex() {
  static Psa psa;
  return psa.mutex;
}

}  // namespace

PsaLock::PsaLock() : lock_(psa_mutex()) {}

}  // namespace berth::crypto::mbedtls
