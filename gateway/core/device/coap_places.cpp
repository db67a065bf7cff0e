#include "gateway/core/device/coap_places.hpp"

#include <string_view>
#include <unordered_map>

namespace berth::gateway {

std::optional<CoapPlaces::Entry> CoapPlaces::enter(const std::string& network, MonotonicTime now) {
  Entry entry;
  if (places_.size() >= max_) {
    const auto leaving = who_makes_room(network, now);
    if (leaving == places_.end()) return std::nullopt;
    entry.gives_way = leaving->first;
    places_.erase(leaving);
  }
  entry.number = ++last_number_;
  places_.emplace(entry.number, Place{network, now, false});
  return entry;
}

void CoapPlaces::heard(Number number, MonotonicTime now) {
  const auto found = places_.find(number);
  if (found != places_.end()) found->second.last_heard = now;
}

void CoapPlaces::set_at_work(Number number, bool is_at_work) {
  const auto found = places_.find(number);
  if (found != places_.end()) found->second.is_at_work = is_at_work;
}

CoapPlaces::Places::const_iterator CoapPlaces::who_makes_room(const std::string& network,
                                                              MonotonicTime now) const {
  const auto is_longer_silent = [this](Places::const_iterator one, Places::const_iterator than) {
    return than == places_.end() || one->second.last_heard < than->second.last_heard;
  };
  std::unordered_map<std::string_view, std::size_t> held;
  for (const auto& [number, place] : places_) ++held[place.network];
  std::size_t most = held[network] + 1;  // with the newcomer
  auto silent = places_.end();
  auto of_most = places_.end();
  for (auto place = places_.begin(); place != places_.end(); ++place) {
    if (place->second.is_at_work) continue;
    if (is_longer_silent(place, silent)) silent = place;
    const std::size_t holds = held[place->second.network];
    if (holds < most || (holds == most && of_most == places_.end())) continue;
    if (holds > most) {
      most = holds;
      of_most = place;
    } else if (is_longer_silent(place, of_most)) {
      of_most = place;
    }
  }
  if (silent != places_.end() && now - silent->second.last_heard >= spared_) return silent;
  return of_most;
}

}  // namespace berth::gateway
