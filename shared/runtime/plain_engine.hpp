// A TLS engine without TLS: bytes pass through. It lets the plain loopback listeners (management)
// share the TLS listener's limits, deadlines and shutdown, and nothing else uses it.
#pragma once

#include <memory>

#include "shared/ports/tls_engine.hpp"

namespace berth::runtime {

[[nodiscard]] std::unique_ptr<ports::TlsContext> make_plain_context();

}  // namespace berth::runtime
