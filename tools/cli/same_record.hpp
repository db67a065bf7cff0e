// Whether a record that is stored is what a row asks for. An import that was cut off cannot know
// whether its last rows were written; this tells it.
#pragma once

#include <boost/json/object.hpp>

#include "shared/ports/crypto.hpp"

namespace berth::cli {

// `stored`: as GET shows it, that is, without symmetric keys and with certificates' `info` only.
// What the row leaves out may be anything.
[[nodiscard]] bool says_the_same(const boost::json::object& row, const boost::json::object& stored,
                                 ports::Crypto& crypto);

// The row's own symmetric keys, where it has some, against what attestationmechanism shows.
[[nodiscard]] bool has_own_keys(const boost::json::object& row);
[[nodiscard]] bool has_same_keys(const boost::json::object& row,
                                 const boost::json::object& mechanism);

}  // namespace berth::cli
