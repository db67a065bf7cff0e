// JSON text and Boost.JSON values. The one place that parses and serialises JSON on Linux: text is
// bounded in size and nesting before a value exists (design section 7), and written so that readers
// which take bodies for ASCII understand it (device API 1.4).
//
// Boost.JSON reports errors of a text by code, never by exception, in the calls used here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "shared/base/result.hpp"
#include "shared/domain/model/twin.hpp"

namespace berth::json {

struct TextLimits {
  std::size_t max_size = 0;   // bytes
  std::size_t max_depth = 0;  // nested arrays and objects
};

// Errc::malformed for text that is not one JSON value, Errc::too_large past a limit.
[[nodiscard]] Result<boost::json::value> parse(std::string_view text, const TextLimits& limits);
// The same, for a text that is an object. Errc::malformed for any other value.
[[nodiscard]] Result<boost::json::object> parse_object(std::string_view text,
                                                       const TextLimits& limits);

// Compact text, with everything outside ASCII escaped as \uXXXX.
[[nodiscard]] std::string serialize(const boost::json::value& value);

// A member that is there and not null; nullptr otherwise. DPS clients send null for "absent".
[[nodiscard]] const boost::json::value* find(const boost::json::object& object,
                                             std::string_view name);

// Typed members: absent and null are nullopt, another type is Errc::malformed with the member's
// name.
[[nodiscard]] Result<std::optional<std::string>> find_string(const boost::json::object& object,
                                                             std::string_view name);
[[nodiscard]] Result<std::optional<bool>> find_bool(const boost::json::object& object,
                                                    std::string_view name);
[[nodiscard]] Result<const boost::json::object*> find_object(const boost::json::object& object,
                                                             std::string_view name);
[[nodiscard]] Result<const boost::json::array*> find_array(const boost::json::object& object,
                                                           std::string_view name);
// A whole number from 0 to `max`.
[[nodiscard]] Result<std::optional<std::uint64_t>> find_number(const boost::json::object& object,
                                                               std::string_view name,
                                                               std::uint64_t max);

// An object of people's own as the domain keeps it; empty for nullptr.
[[nodiscard]] domain::JsonText to_text(const boost::json::object* object);
// Adds the object that `text` holds under `name`; nothing for an empty text.
void add_text(boost::json::object& to, std::string_view name, const domain::JsonText& text);

}  // namespace berth::json
