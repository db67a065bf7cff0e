// What a hub must offer to be run through the suite in this folder. One hub_fixture per test, of
// the kind that the test program was linked with.
#pragma once

#include <memory>
#include <string>

#include "shared/protocol/hub/connector.hpp"

namespace berth::testing {

class HubFixture {
 public:
  virtual ~HubFixture() = default;
  [[nodiscard]] virtual hub::HubConnector& connector() = 0;
  // Another coordinator's.
  [[nodiscard]] virtual hub::HubConnector& others() = 0;
  // Sends a request as a gateway does.
  [[nodiscard]] virtual hub::HubResponse send(const hub::HubRequest& request) = 0;

  // The hub's own view: whether a device that shows this key gets in.
  [[nodiscard]] virtual bool lets_in(const std::string& device, const SecretBytes& key) = 0;
  // Desired properties as the device finds them, as JSON; empty: none.
  [[nodiscard]] virtual std::string desired(const std::string& device) = 0;
  // Somebody makes a device by hand.
  virtual void make_by_hand(const std::string& device, const SecretBytes& key) = 0;
};

[[nodiscard]] std::unique_ptr<HubFixture> hub_fixture();

}  // namespace berth::testing
