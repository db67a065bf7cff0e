// What the registration engine asks of the way to the hubs. Both are answered once through
// RegistrationEngine::on_hub_outcome, with the errors that hub::HubOperation names; deadlines are
// the link's (Errc::timed_out), repetition is the engine's.
#pragma once

#include "gateway/core/ports/journal.hpp"
#include "shared/domain/model/ids.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/protocol/hub/connector.hpp"

namespace berth::gateway {

// Bring the identity into the hub as it shall be there.
struct ApplyToHub {
  OperationRef operation;
  domain::LinkedHub hub;
  hub::DesiredIdentity identity;
};

// Read the device's twin from the hub that it leaves. Errc::not_found if there is no such device.
struct ReadTwin {
  OperationRef operation;
  domain::LinkedHub hub;
  domain::DeviceId device_id;
};

}  // namespace berth::gateway
