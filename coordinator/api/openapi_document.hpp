#pragma once

#include <string_view>

namespace berth::coordinator {

// openapi.json of this folder, taken into the program when it is built.
[[nodiscard]] std::string_view openapi_document();

}  // namespace berth::coordinator
