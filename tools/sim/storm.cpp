#include "tools/sim/storm.hpp"

#include <string>

namespace berth::sim {
namespace {

constexpr SimTime kSecond{1'000'000};
constexpr SimTime kMinute = 60 * kSecond;

}  // namespace

void Storm::start() {
  rages_ = true;
  if (scenario_.partitions) {
    every(60 * kSecond, [this] { partition(); });
    every(90 * kSecond, [this] { any_gateway().reset_wire(); });
  }
  if (scenario_.crashes) {
    every(60 * kSecond, [this] { crash_gateway(); });
    every(120 * kSecond, [this] { crash_coordinator(); });
  }
  if (scenario_.hubs) {
    every(40 * kSecond, [this] { trouble_hub(); });
    every(90 * kSecond, [this] { cut_from_hubs(); });
  }
  if (scenario_.full_hubs) every(30 * kSecond, [this] { fill_hub(); });
  if (scenario_.webhooks) {
    every(30 * kSecond, [this] { webhook_.change_mind(); });
    every(40 * kSecond, [this] { trouble_webhook(); });
  }
  if (scenario_.messages) every(60 * kSecond, [this] { worsen_messages(); });
  if (scenario_.clocks) every(90 * kSecond, [this] { set_clock(); });
  if (scenario_.disks) every(45 * kSecond, [this] { spoil_disk(); });
}

void Storm::every(SimTime period, std::function<void()> what) {
  after(world_.random.between(period / 4, period * 7 / 4), [this, period, what] {
    what();
    every(period, what);
  });
}

void Storm::after(SimTime delay, std::function<void()> what) {
  world_.scheduler.after(delay, [this, what = std::move(what)] {
    if (rages_) what();
  });
}

SimGateway& Storm::any_gateway() {
  return *gateways_[world_.random.below(gateways_.size())];
}

void Storm::partition() {
  SimGateway& gateway = any_gateway();
  world_.trace.line("storm", gateway.name() + " is partitioned");
  world_.weather.partitioned.at(gateway.index()) = true;
  gateway.hold_wire();
  after(world_.random.between(kSecond, 2 * kMinute), [this, &gateway] {
    world_.trace.line("storm", gateway.name() + " is reachable");
    world_.weather.partitioned.at(gateway.index()) = false;
    gateway.release_wire();
  });
}

void Storm::gateway_comes_back(SimGateway& gateway) {
  after(world_.random.between(kSecond / 10, kMinute), [&gateway] {
    if (!gateway.is_up()) gateway.boot();
  });
}

void Storm::coordinator_comes_back() {
  after(world_.random.between(kSecond / 10, kMinute), [this] {
    if (!coordinator_.is_up()) coordinator_.boot();
  });
}

void Storm::crash_gateway() {
  SimGateway& gateway = any_gateway();
  if (!gateway.is_up()) return;
  if (world_.random.chance(700)) {
    const bool written = world_.random.chance(500);
    gateway.store().lose_power_at(static_cast<int>(world_.random.below(12)), written);
    return;
  }
  gateway.crash();
  gateway_comes_back(gateway);
}

void Storm::crash_coordinator() {
  if (!coordinator_.is_up()) return;
  if (world_.random.chance(700)) {
    const bool written = world_.random.chance(500);
    coordinator_.store().lose_power_at(static_cast<int>(world_.random.below(12)), written);
    return;
  }
  coordinator_.crash();
  coordinator_comes_back();
}

void Storm::bury_the_dead() {
  for (const auto& gateway : gateways_) {
    if (!gateway->has_died()) continue;
    gateway->crash();
    if (rages_) {
      gateway_comes_back(*gateway);
    } else {
      gateway->boot();
    }
  }
  if (!coordinator_.has_died()) return;
  coordinator_.crash();
  if (rages_) {
    coordinator_comes_back();
  } else {
    coordinator_.boot();
  }
}

void Storm::trouble_hub() {
  SimHub& hub = *hubs_[world_.random.below(hubs_.size())];
  const auto mood = static_cast<SimHub::Mood>(1 + world_.random.below(5));
  world_.trace.line("storm", hub.link().host_name + " " + name_of(mood));
  hub.set_mood(mood);
  after(world_.random.between(kSecond, kMinute), [this, &hub] {
    world_.trace.line("storm", hub.link().host_name + " serves again");
    hub.set_mood(SimHub::Mood::serving);
  });
}

// One hub always has room: what a device gets when none has is another matter.
void Storm::fill_hub() {
  SimHub& hub = *hubs_[1 + world_.random.below(hubs_.size() - 1)];
  world_.trace.line("storm", hub.link().host_name + " is full");
  hub.set_mood(SimHub::Mood::full);
  after(world_.random.between(20 * kSecond, 3 * kMinute), [this, &hub] {
    world_.trace.line("storm", hub.link().host_name + " has room");
    hub.set_mood(SimHub::Mood::serving);
  });
}

void Storm::trouble_webhook() {
  const auto mood = static_cast<SimWebhook::Mood>(1 + world_.random.below(5));
  world_.trace.line("storm", std::string("the webhook ") + name_of(mood));
  webhook_.set_mood(mood);
  after(world_.random.between(kSecond, kMinute), [this] {
    world_.trace.line("storm", "the webhook serves again");
    webhook_.set_mood(SimWebhook::Mood::serving);
  });
}

void Storm::cut_from_hubs() {
  const std::size_t gateway = world_.random.below(gateways_.size());
  world_.trace.line("storm", gateways_[gateway]->name() + " reaches no hub");
  world_.weather.cut_from_hubs.at(gateway) = true;
  after(world_.random.between(kSecond, kMinute),
        [this, gateway] { world_.weather.cut_from_hubs.at(gateway) = false; });
}

void Storm::worsen_messages() {
  Weather& weather = world_.weather;
  weather.lost = static_cast<unsigned>(world_.random.below(200));
  weather.duplicated = static_cast<unsigned>(world_.random.below(200));
  weather.delayed = static_cast<unsigned>(world_.random.below(200));
  after(world_.random.between(5 * kSecond, kMinute),
        [&weather] { weather.lost = weather.duplicated = weather.delayed = 0; });
}

void Storm::set_clock() {
  SimGateway& gateway = any_gateway();
  const bool is_far = world_.random.chance(300);
  const SimTime most = is_far ? 60 * kMinute : 2 * kMinute;
  const SimTime offset = world_.random.between(-most, most);
  world_.trace.line("storm", gateway.name() + "'s clock is set " +
                                 std::to_string(offset.count() / 1'000'000) + " s off");
  oracle_.clock_was_set(gateway.index());
  gateway.clock().set_offset(offset);
}

void Storm::spoil_disk() {
  const int commits = static_cast<int>(1 + world_.random.below(6));
  if (world_.random.chance(250)) {
    coordinator_.store().fail_commits(commits);
  } else {
    any_gateway().store().fail_commits(commits);
  }
}

void Storm::calm_down() {
  rages_ = false;
  world_.trace.line("storm", "is over");
  world_.weather = {};
  for (const auto& hub : hubs_) hub->set_mood(SimHub::Mood::serving);
  webhook_.set_mood(SimWebhook::Mood::serving);
  if (!coordinator_.is_up()) coordinator_.boot();
  coordinator_.store().revive();
  for (const auto& gateway : gateways_) {
    gateway->clock().set_offset(SimTime{0});
    gateway->release_wire();
    gateway->store().revive();
    if (!gateway->is_up()) gateway->boot();
  }
}

}  // namespace berth::sim
