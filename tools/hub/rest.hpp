// One hub's REST (service API 5): requests to calls of its registry, answers to responses.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "shared/ports/clock.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/protocol/http/message.hpp"
#include "tools/hub/access.hpp"
#include "tools/hub/registry.hpp"

namespace berth::hub_server {

// Largest request body: a hundred items with full twins.
inline constexpr std::size_t kMaxBody = 4 * 1024 * 1024;

class Rest {
 public:
  Rest(Registry& registry, const Access& access, ports::Clock& clock, ports::Entropy& entropy)
      : registry_(registry), access_(access), clock_(clock), entropy_(entropy) {}

  [[nodiscard]] http::Response handle(const http::Request& request);

 private:
  [[nodiscard]] Result<http::Response> answer(const http::Request& request);
  [[nodiscard]] Result<http::Response> devices(const http::Request& request,
                                               const http::Target& target);
  [[nodiscard]] Result<http::Response> device(const http::Request& request, const std::string& id);
  [[nodiscard]] Result<http::Response> twin(const http::Request& request, const std::string& id);
  [[nodiscard]] Result<http::Response> query(const http::Request& request);

  Registry& registry_;
  const Access& access_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
};

}  // namespace berth::hub_server
