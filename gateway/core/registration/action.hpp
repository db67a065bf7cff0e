// What the registration engine wants done. Each input gives a list of actions, to be carried out in
// order; the answers come back as inputs.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/core/device/request.hpp"
#include "gateway/core/ports/coordinator_link.hpp"
#include "gateway/core/ports/hub_link.hpp"
#include "gateway/core/ports/journal.hpp"
#include "gateway/core/ports/webhook.hpp"

namespace berth::gateway {

// Give the reply to whoever submitted the request with that token.
struct SendReply {
  Reply reply;
};

// One plain sentence for the installer's log. It never holds a secret.
struct Log {
  enum class Level : std::uint8_t { info, warning };
  Level level = Level::info;
  std::string tenant;  // as far as they are known
  std::string registration_id;
  std::string source;
  std::string tracking_id;  // of a refusal or an operation
  std::string text;
};

// A device was refused: for the audit log, and for the log of device operations. Told before its
// reply, which may be held back.
struct Refused {
  RequestToken token = 0;
  domain::IdScope tenant;       // empty: nobody's
  std::string registration_id;  // as far as it is fit for a log
  std::string source;
  domain::DeviceProtocol protocol = domain::DeviceProtocol::https;
  std::string tracking_id;
  Error error;
};

// DPS's metrics by their names (service API 4): one more of `what`.
struct Count {
  enum class What : std::uint8_t { registration_attempt, attestation_attempt, device_assignment };
  What what = What::registration_attempt;
  domain::IdScope tenant;
  domain::DeviceProtocol protocol = domain::DeviceProtocol::https;
  std::string hub;  // host name, with a registration that reached one
  bool succeeded = true;
};

using Action = std::variant<RequestFence, LookBack, JournalIntent, JournalOutcome, RecordAttempt,
                            AskAllocation, ApplyToHub, ReadTwin, SendReply, Log, Refused, Count>;
using Actions = std::vector<Action>;

inline void log(Actions& out, Log::Level level, const OperationRef& operation, std::string text) {
  out.emplace_back(Log{level,
                       operation.tenant.str(),
                       operation.registration_id.str(),
                       {},
                       operation.tracking_id,
                       std::move(text)});
}

inline void count(Actions& out, Count::What what, const domain::IdScope& tenant,
                  domain::DeviceProtocol protocol, const std::string& hub, bool succeeded) {
  out.emplace_back(Count{what, tenant, protocol, hub, succeeded});
}

}  // namespace berth::gateway
