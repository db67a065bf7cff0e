// A CA certificate that an admin uploaded under a name, and that enrollments refer to by that name
// (service API 4.3). Until somebody proved to possess its key it attests nobody (design 3.3).
#pragma once

#include <cstddef>
#include <string>

#include "shared/base/bytes.hpp"
#include "shared/domain/model/stamps.hpp"

namespace berth::domain {

// Longest name (service API 1.5), in characters. Names are compared without regard to case.
inline constexpr std::size_t kMaxCaCertificateName = 256;

struct CaCertificate {
  std::string name;   // as first given
  Bytes certificate;  // DER
  bool is_verified = false;
  // The common name that a verification certificate must have; empty: none was asked for. Whoever
  // reads it gains nothing without the CA's key, so that it need not stay at the coordinator.
  std::string verification_code;
  Stamps stamps;
};

}  // namespace berth::domain
