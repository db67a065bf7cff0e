// wolfSSL's crypto callback, answered by libcrypto: P-256 and AES-GCM. Everything else stays
// wolfCrypt's.
#pragma once

namespace berth::crypto::wolfssl {

// Starts wolfSSL and registers the device, once per process; wolfSSL's table of devices is the
// process's. What is returned is for wolfSSL_CTX_SetDevId.
[[nodiscard]] int device_id();

}  // namespace berth::crypto::wolfssl
