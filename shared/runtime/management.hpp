// The management face of a program: /healthz (alive), /readyz (serving), /metrics (Prometheus text
// format), on a plain loopback listener, and whatever pages the program adds.
#pragma once

#include <functional>
#include <string>

#include "shared/protocol/http/message.hpp"
#include "shared/runtime/http_server.hpp"
#include "shared/runtime/metrics.hpp"

namespace berth::runtime {

// What keeps the program from serving, in a sentence; empty when it serves.
using Readiness = std::function<std::string()>;

// The handler for PlainHttpListener. `metrics` outlives it. `pages` answers every other path; by
// default there is none.
[[nodiscard]] HttpHandler management_handler(Metrics& metrics, Readiness readiness,
                                             HttpHandler pages = {});

}  // namespace berth::runtime
