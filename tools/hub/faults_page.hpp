// The management page that sets faults: POST /faults.
#pragma once

#include <memory>
#include <vector>

#include "shared/protocol/http/message.hpp"
#include "tools/hub/hub.hpp"

namespace berth::hub_server {

[[nodiscard]] http::Response set_fault(const http::Request& request,
                                       const std::vector<std::unique_ptr<Hub>>& hubs);

}  // namespace berth::hub_server
