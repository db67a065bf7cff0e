// A TCP connection to a host: its name resolved, its addresses tried one after another.
#pragma once

#include <cstdint>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "shared/base/result.hpp"
#include "shared/runtime/reach.hpp"
#include "shared/runtime/task.hpp"

namespace berth::runtime {

// Has no deadline of its own: run it under within(). Addresses out of reach are passed over.
// Errc::unavailable, with the host, the port and the system's words; Errc::forbidden if no address
// was within reach.
[[nodiscard]] Task<Result<boost::asio::ip::tcp::socket>> dial(boost::asio::any_io_executor executor,
                                                              std::string host, std::uint16_t port,
                                                              Reach reach = Reach::anywhere());

}  // namespace berth::runtime
