// X509CertificateInfo (device API 1.3, service API 2.4).
#pragma once

#include <boost/json/object.hpp>

#include "shared/ports/crypto.hpp"

namespace berth::json {

// All eight members: the Java SDK refuses an object that lacks one.
[[nodiscard]] boost::json::object certificate_info(const ports::Certificate& certificate);

}  // namespace berth::json
