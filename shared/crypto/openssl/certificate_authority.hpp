// Issues certificates with libcrypto's X.509 functions.
#pragma once

#include <memory>

#include "shared/ports/certificate_authority.hpp"

namespace berth::crypto {

[[nodiscard]] std::unique_ptr<ports::CertificateAuthority> make_certificate_authority();

}  // namespace berth::crypto
