#include "shared/runtime/connection_gate.hpp"

#include <utility>

namespace berth::runtime {

ConnectionGate::Place::~Place() {
  if (gate_ != nullptr) gate_->leave(number_);
}

void ConnectionGate::Place::vouch() {
  gate_->vouch(number_);
}

std::optional<ConnectionGate::Place> ConnectionGate::admit(const std::string& source, Shed shed) {
  const std::lock_guard lock(mutex_);
  if (connections_.size() >= max_) {
    const auto leaving = who_makes_room(source);
    if (!leaving) return std::nullopt;
    const auto found = connections_.find(*leaving);
    const Connection connection = std::move(found->second);
    take_off(connection.source, *leaving);
    connections_.erase(found);
    ++shed_;
    connection.shed();
  }
  const std::uint64_t number = ++last_number_;
  connections_.emplace(number, Connection{source, std::move(shed)});
  sources_[source].strangers.insert(number);
  return Place(*this, number);
}

// Looks at each address once; they are no more than the connections.
std::optional<std::uint64_t> ConnectionGate::who_makes_room(const std::string& newcomer) const {
  const Source* most_strangers = nullptr;
  const Source* most = nullptr;
  std::size_t held_by_newcomer = 0;
  for (const auto& [source, held] : sources_) {
    const std::size_t all = held.strangers.size() + held.vouched.size();
    if (source == newcomer) held_by_newcomer = all;
    if (!held.strangers.empty() &&
        (most_strangers == nullptr || held.strangers.size() > most_strangers->strangers.size())) {
      most_strangers = &held;
    }
    if (most == nullptr || all > most->strangers.size() + most->vouched.size()) most = &held;
  }
  if (most_strangers != nullptr) return *most_strangers->strangers.begin();
  // Only vouched ones are left.
  if (most == nullptr || most->vouched.size() <= held_by_newcomer + 1) return std::nullopt;
  return *most->vouched.begin();
}

void ConnectionGate::leave(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;  // it made room
  take_off(found->second.source, number);
  connections_.erase(found);
}

void ConnectionGate::take_off(const std::string& source, std::uint64_t number) {
  const auto held = sources_.find(source);
  held->second.strangers.erase(number);
  held->second.vouched.erase(number);
  if (held->second.strangers.empty() && held->second.vouched.empty()) sources_.erase(held);
}

void ConnectionGate::vouch(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = connections_.find(number);
  if (found == connections_.end()) return;  // it made room
  Source& source = sources_[found->second.source];
  source.strangers.erase(number);
  source.vouched.insert(number);
}

std::size_t ConnectionGate::size() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

std::uint64_t ConnectionGate::shed_count() const {
  const std::lock_guard lock(mutex_);
  return shed_;
}

}  // namespace berth::runtime
