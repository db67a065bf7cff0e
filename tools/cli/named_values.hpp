// "name=value" as options take it.
#pragma once

#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "shared/base/result.hpp"

namespace berth::cli {

struct NamedValue {
  std::string name;
  std::string value;
};

// Errc::invalid names the option and shows the form.
[[nodiscard]] Result<NamedValue> read_named(const std::string& option, const std::string& text);
[[nodiscard]] Result<double> read_number(const std::string& option, const std::string& text);

// Milliseconds by host name.
[[nodiscard]] Result<boost::json::object> read_latencies(const std::vector<std::string>& texts);

}  // namespace berth::cli
