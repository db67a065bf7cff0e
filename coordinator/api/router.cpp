#include "coordinator/api/router.hpp"

#include <utility>

#include "shared/base/assert.hpp"
#include "shared/base/encoding.hpp"

namespace berth::coordinator {
namespace {

bool is_argument(std::string_view segment) {
  return segment.starts_with('{');
}

// Whether the first segments of `pattern` are those of `target`; collects what the arguments are.
bool matches(const std::vector<std::string>& pattern, const http::Target& target,
             std::vector<std::string>& arguments) {
  arguments.clear();
  if (target.segments.size() > pattern.size()) return false;
  for (std::size_t i = 0; i < target.segments.size(); ++i) {
    if (is_argument(pattern[i])) {
      arguments.push_back(target.segments[i]);
    } else if (!equals_ignoring_case(pattern[i], target.segments[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace

Router::Router(std::vector<Endpoint> endpoints) : endpoints_(std::move(endpoints)) {
  for (const Endpoint& endpoint : endpoints_) {
    http::Target target;
    BERTH_ASSERT(http::parse_target(endpoint.path, target));
    patterns_.push_back(std::move(target.segments));
  }
}

Router::Match Router::find(std::string_view method, const http::Target& target) const {
  Match match;
  if (target.segments.empty()) return match;
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    std::vector<std::string> arguments;
    if (!matches(patterns_[i], target, arguments)) continue;
    // An ID that is missing is answered 405 by DPS (service API 1.9).
    match.is_known_path = true;
    if (target.segments.size() == patterns_[i].size() && endpoints_[i].method == method) {
      match.endpoint = &endpoints_[i];
      match.arguments = std::move(arguments);
      return match;
    }
  }
  return match;
}

}  // namespace berth::coordinator
