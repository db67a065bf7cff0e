// A device: registers at a gateway near it, polls as SDKs do, believes what it is told, and after a
// while comes back, as devices that restart do.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/secret_bytes.hpp"
#include "tools/sim/sim_gateway.hpp"
#include "tools/sim/world.hpp"

namespace berth::sim {

// A gateway's word that the device is assigned.
struct Told {
  std::string hub;  // host name
  std::string device_id;
  SimTime asked{0};  // when the device sent the request that led to it
  SimTime told{0};
};

class SimDevice {
 public:
  using OnTold = std::function<void(SimDevice&, const Told&)>;

  SimDevice(World& world, std::vector<std::unique_ptr<SimGateway>>& gateways, std::string id_scope,
            std::string id, SecretBytes key, std::size_t home)
      : world_(world),
        gateways_(gateways),
        id_scope_(std::move(id_scope)),
        id_(std::move(id)),
        key_(std::move(key)),
        home_(home) {}

  OnTold on_told;

  // Registers after `delay`, and again and again from then on.
  void start(SimTime delay);
  // From now on the device registers once more, and then no more once it is assigned.
  void settle(SimTime delay);

  // It is switched off.
  void stop() { ++attempt_; }

  [[nodiscard]] const std::string& id() const { return id_; }
  // The last word, whichever gateway said it.
  [[nodiscard]] const std::optional<Told>& told() const { return told_; }
  // Since settle().
  [[nodiscard]] bool has_settled() const { return settled_; }
  [[nodiscard]] const std::string& last_answer() const { return last_answer_; }

 private:
  void register_again();
  void poll(const std::string& operation_id);
  void send(gateway::DeviceRequest request);
  void hear(std::uint64_t attempt, const gateway::Reply& reply);
  void try_later(SimTime from, SimTime to);
  [[nodiscard]] gateway::Claim claim() const;
  void after(SimTime delay, std::function<void()> what);

  World& world_;
  std::vector<std::unique_ptr<SimGateway>>& gateways_;
  std::string id_scope_;
  std::string id_;
  SecretBytes key_;
  std::size_t home_;
  std::size_t gateway_ = 0;    // where it registers now
  std::uint64_t attempt_ = 0;  // answers to an earlier one are not heard
  SimTime asked_{0};
  bool is_settling_ = false;
  bool settled_ = false;
  std::optional<Told> told_;
  std::string last_answer_;
};

}  // namespace berth::sim
