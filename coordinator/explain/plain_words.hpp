// An explanation in sentences, for people who know neither DPS nor this program.
#pragma once

#include <string>
#include <vector>

#include "coordinator/explain/explanation.hpp"

namespace berth::coordinator {

// One thought a line, the outcome first.
[[nodiscard]] std::vector<std::string> plain_words(const ExplainRequest& request,
                                                   const Explanation& explanation);

}  // namespace berth::coordinator
