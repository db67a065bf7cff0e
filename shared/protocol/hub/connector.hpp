// Hub connectors: how an identity and its initial twin get into a linked hub. A connector builds
// requests and reads responses; it never sends, keeps no time and does not retry: callers do.
// Every operation may be repeated from its start after a crash, with the same end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "shared/base/bytes.hpp"
#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/domain/model/device_credential.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/domain/model/twin.hpp"
#include "shared/protocol/http/message.hpp"
#include "shared/protocol/hub/dynamic_security.hpp"

namespace berth::hub {

using domain::DeviceCredential;
using domain::SymmetricKeyCredential;
using domain::ThumbprintCredential;

// The identity as it shall be in the hub.
struct DesiredIdentity {
  domain::DeviceId device_id;
  DeviceCredential credential;
  domain::InitialTwin twin;   // written when the identity is created, or with replace_twin
  bool replace_twin = false;  // a found identity of ours gets this twin too (reset, migrate)
  std::optional<bool> iot_edge;
};

// What one step says to the hub, and what comes back: of the kind that the hub speaks.
using HubRequest = std::variant<http::Request, dynsec::Request>;
using HubResponse = std::variant<http::Response, dynsec::Answer>;

// The marker that says an identity is ours: "berth:{coordinator ID}" (design section 3.6).
[[nodiscard]] std::string ownership_marker(const domain::CoordinatorId& coordinator);

// How an operation ended.
struct HubOutcome {
  std::string etag;          // of the identity, after our write; empty if the hub did not tell it
  bool found = false;        // it was there before and carried our marker
  domain::InitialTwin twin;  // of read_twin
};

// One exchange after another until it is done. next() gives the request to send; after the
// response, or a failure to get one, receive() says what to do.
//
// Errors of the outcome, by what the caller shall do with them:
//   unavailable, throttled, timed_out   keep `assigning`, repeat later from the start
//   hub_refused, hub_full               definite, nothing was created: a new, hashed device may try
//                                       the next hub
//   hub_unauthorized                    our credential is refused: as unavailable, and the link is
//                                       unhealthy
//   hub_conflict                        an identity that is not ours stands there; never
//   overwritten
class HubOperation {
 public:
  virtual ~HubOperation() = default;
  // The request to send now, without the Authorization header. Valid until receive().
  [[nodiscard]] virtual const HubRequest& next() const = 0;
  // `response` is of the kind of next(). nullopt: send next() again (it is another request now).
  [[nodiscard]] virtual std::optional<Result<HubOutcome>> receive(const HubResponse& response) = 0;
};

class HubConnector {
 public:
  virtual ~HubConnector() = default;
  // Creates the identity with its twin, or takes up one of ours and brings its credential up to
  // date.
  [[nodiscard]] virtual std::unique_ptr<HubOperation> upsert(const DesiredIdentity& identity) = 0;
  // Tags and desired properties, for migration.
  [[nodiscard]] virtual std::unique_ptr<HubOperation> read_twin(const domain::DeviceId& device) = 0;
  // Disables, or deletes, the identity if it carries our marker and `etag` still fits (an empty
  // etag goes by the marker alone). An absent or foreign identity is success: there is nothing of
  // ours.
  [[nodiscard]] virtual std::unique_ptr<HubOperation> disable(const domain::DeviceId& device,
                                                              const std::string& etag) = 0;
  // Takes a disable() back: the identity turned out to be wanted.
  [[nodiscard]] virtual std::unique_ptr<HubOperation> enable(const domain::DeviceId& device) = 0;
  [[nodiscard]] virtual std::unique_ptr<HubOperation> remove(const domain::DeviceId& device,
                                                             const std::string& etag) = 0;
};

// Azure IoT Hub REST, api-version 2021-04-12 (service API section 5). Bodies are JSON: `json` reads
// and writes them (shared/json/hub_json).
class HubBodyCodec;
[[nodiscard]] std::unique_ptr<HubConnector> iot_hub_connector(const domain::CoordinatorId& owner,
                                                              HubBodyCodec& json);

// Mosquitto with the dynamic-security plugin (service API section 6, docs/hubs/mosquitto.md).
// `json` reads and writes the commands (shared/json/dynamic_security_json).
[[nodiscard]] std::unique_ptr<HubConnector> mosquitto_connector(const domain::CoordinatorId& owner,
                                                                dynsec::DynamicSecurityCodec& json);

}  // namespace berth::hub
