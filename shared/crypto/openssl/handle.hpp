// Ownership of libcrypto's objects, and its error queue turned into an Error.
#pragma once

#include <memory>
#include <string>

#include <openssl/err.h>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"

namespace berth::crypto::openssl {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

template <class T, auto Free>
using Handle = std::unique_ptr<T, Freed<Free>>;

// Empties this thread's error queue, so that one failure is never told as the cause of the next.
inline Error failure(Errc code, std::string what) {
  if (const char* why = ERR_reason_error_string(ERR_peek_last_error())) {
    what += ": ";
    what += why;
  }
  ERR_clear_error();
  return {code, std::move(what)};
}

// An i2d function of libcrypto, run twice: for the size, then into a buffer of that size.
template <class I2d>
Bytes encoded(I2d&& i2d) {
  const int size = i2d(static_cast<unsigned char**>(nullptr));
  if (size <= 0) return {};
  Bytes bytes(static_cast<std::size_t>(size));
  unsigned char* at = bytes.data();
  if (i2d(&at) != size) bytes.clear();
  return bytes;
}

}  // namespace berth::crypto::openssl
