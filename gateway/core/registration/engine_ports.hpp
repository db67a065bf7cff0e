// What a registration engine is told once, and what it is lent for as long as it lives.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "gateway/core/limits.hpp"
#include "gateway/core/ports/admission.hpp"
#include "gateway/core/ports/cache.hpp"
#include "gateway/core/ports/coordinator_link.hpp"
#include "gateway/core/ports/probe.hpp"
#include "shared/domain/allocation/geo_latency.hpp"
#include "shared/domain/attestation/x509.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"

namespace berth::gateway {

struct EngineSettings {
  domain::GatewayId gateway_id;
  std::string boot_id;  // of domain::BootMoment
  domain::X509Rules x509;
  domain::GeoLatencyRules geo_latency;
  std::chrono::milliseconds look_back_deadline = kLookBackDeadline;
  std::size_t max_operations = kMaxOperations;
  std::size_t max_waiting = kMaxWaitingRequests;
  std::size_t max_tpm_challenges = kMaxTpmChallenges;
};

struct EnginePorts {
  const Cache& cache;
  Admission& admission;
  const CoordinatorLink& coordinator;
  const Probe& probe;
  ports::Crypto& crypto;
  ports::Clock& clock;
  ports::Entropy& entropy;
};

}  // namespace berth::gateway
