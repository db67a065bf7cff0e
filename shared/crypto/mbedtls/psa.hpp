// PSA Crypto as mbedTLS offers it: one state for the process, which mbedTLS 2.28 does not guard
// against threads.
#pragma once

#include <mutex>

namespace berth::crypto::mbedtls {

// Held around PSA calls. The first one starts PSA.
class PsaLock {
 public:
  PsaLock();

 private:
  std::scoped_lock<std::mutex> lock_;
};

}  // namespace berth::crypto::mbedtls
