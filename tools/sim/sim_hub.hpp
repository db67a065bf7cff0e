// A hub as gateways meet it: the registry of tools/hub behind a network that loses, delays and
// repeats, and a service that is down, throttles or refuses for a while.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shared/base/result.hpp"
#include "shared/domain/model/linked_hub.hpp"
#include "shared/protocol/http/message.hpp"
#include "tools/hub/registry.hpp"
#include "tools/hub/rest.hpp"
#include "tools/sim/node_clock.hpp"
#include "tools/sim/world.hpp"

namespace berth::sim {

// After this long a gateway stops waiting for an answer (gateway/linux/hub_link).
inline constexpr SimTime kHubTimeout{10'000'000};

class SimHub {
 public:
  enum class Mood : std::uint8_t { serving, down, throttling, refusing, full, unauthorized };
  using Answer = std::function<void(Result<http::Response>)>;

  SimHub(World& world, domain::LinkedHub link, domain::HubCredential credential);

  // Answered once, if only by a timeout.
  void request(std::size_t gateway, const http::Request& request, Answer answer);
  void set_mood(Mood mood) { mood_ = mood; }

  [[nodiscard]] const domain::LinkedHub& link() const { return link_; }
  // All identities, for those who look from outside.
  [[nodiscard]] std::vector<hub_server::Device> devices();
  // An identity that nobody asked for, with that marker.
  void plant(const std::string& device_id, const std::string& marker);

 private:
  [[nodiscard]] http::Response serve(const http::Request& request);

  World& world_;
  domain::LinkedHub link_;
  NodeClock clock_;
  SimEntropy entropy_;
  std::unique_ptr<hub_server::DeviceTable> table_;
  hub_server::Registry registry_;
  hub_server::Access access_;
  hub_server::Rest rest_;
  Mood mood_ = Mood::serving;
};

[[nodiscard]] const char* name_of(SimHub::Mood mood);

}  // namespace berth::sim
