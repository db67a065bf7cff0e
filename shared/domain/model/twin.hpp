// Free JSON of people's own, kept as text and never interpreted in the domain: whoever takes it in
// (shared/json) has checked that it is a JSON object and re-serialised it.
#pragma once

#include <string>

namespace berth::domain {

// The text of one JSON object, or empty for "absent".
using JsonText = std::string;

struct InitialTwin {
  JsonText tags;
  JsonText desired;

  [[nodiscard]] bool empty() const { return tags.empty() && desired.empty(); }
  friend bool operator==(const InitialTwin&, const InitialTwin&) = default;
};

}  // namespace berth::domain
