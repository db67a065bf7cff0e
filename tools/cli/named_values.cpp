#include "tools/cli/named_values.hpp"

#include <charconv>

namespace berth::cli {

Result<NamedValue> read_named(const std::string& option, const std::string& text) {
  const std::size_t at = text.find('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) {
    return Error{Errc::invalid, option + " takes NAME=VALUE, not '" + text + "'"};
  }
  return NamedValue{text.substr(0, at), text.substr(at + 1)};
}

Result<double> read_number(const std::string& option, const std::string& text) {
  double number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) {
    return Error{Errc::invalid, option + ": '" + text + "' is no number"};
  }
  return number;
}

Result<boost::json::object> read_latencies(const std::vector<std::string>& texts) {
  boost::json::object latencies;
  for (const std::string& text : texts) {
    const auto named = read_named("--latency", text);
    if (!named) return named.error();
    const auto milliseconds = read_number("--latency", named->value);
    if (!milliseconds) return milliseconds.error();
    latencies[named->name] = *milliseconds;
  }
  return latencies;
}

}  // namespace berth::cli
