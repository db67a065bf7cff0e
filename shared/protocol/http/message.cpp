#include "shared/protocol/http/message.hpp"

#include "shared/base/encoding.hpp"

namespace berth::http {
namespace {

constexpr std::size_t kMaxParts = 16;

}  // namespace

std::string_view Headers::get(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (equals_ignoring_case(key, name)) return value;
  }
  return {};
}

bool Headers::has(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (equals_ignoring_case(key, name)) return true;
  }
  return false;
}

void Headers::set(std::string name, std::string value) {
  for (auto& [key, old] : fields_) {
    if (equals_ignoring_case(key, name)) {
      old = std::move(value);
      return;
    }
  }
  fields_.emplace_back(std::move(name), std::move(value));
}

std::string_view Target::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return {};
}

bool parse_target(std::string_view target, Target& into) {
  into = Target{};
  const std::size_t mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  while (!path.empty()) {
    if (path.front() == '/') {
      path.remove_prefix(1);
      continue;
    }
    const std::size_t end = path.find('/');
    const auto segment = percent_decode(path.substr(0, end));
    if (!segment || into.segments.size() == kMaxParts) return false;
    into.segments.push_back(*segment);
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
  }
  std::string_view query = mark == std::string_view::npos ? "" : target.substr(mark + 1);
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const auto key = percent_decode(pair.substr(0, equals));
    const auto value =
        percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (!key || !value || into.query.size() == kMaxParts) return false;
    into.query.emplace_back(*key, *value);
  }
  return true;
}

}  // namespace berth::http
