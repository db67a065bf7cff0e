// Finds the endpoint that a request means (service API 1.2): literal segments match in any letter
// case, a trailing slash means nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coordinator/api/endpoint.hpp"
#include "shared/protocol/http/message.hpp"

namespace berth::coordinator {

class Router {
 public:
  explicit Router(std::vector<Endpoint> endpoints);

  struct Match {
    // nullptr if nothing matches.
    const Endpoint* endpoint = nullptr;
    std::vector<std::string> arguments;
    // Without an endpoint: the path, or a longer one, exists for another method (405), or it does
    // not (404).
    bool is_known_path = false;
  };
  [[nodiscard]] Match find(std::string_view method, const http::Target& target) const;

  [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return endpoints_; }

 private:
  std::vector<Endpoint> endpoints_;
  std::vector<std::vector<std::string>> patterns_;  // the segments of each endpoint's path
};

}  // namespace berth::coordinator
