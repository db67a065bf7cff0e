// wolfSSL's crypto callback, answered by libcrypto: P-256 and AES-GCM. Everything else stays
// wolfCrypt's.
#pragma once

namespace berth::crypto::wolfssl {

// Starts wolfSSL and registers the device, once per process; wolfSSL's table of devices is the
// process's. What is returned is for wolfSSL_CTX_SetDevId.
[[nodiscard]] int device_id();

// wolfCrypt remembers multiples of points it has seen, megabytes of them, per thread, and leaves it
// to the thread to free them. Called before its own curve arithmetic; the rest happens when the
// thread ends.
void free_point_cache_at_thread_end();

}  // namespace berth::crypto::wolfssl
