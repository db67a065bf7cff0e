// The way to a broker's control channel: hub::BrokerSession over TLS. The connection is made when
// it is needed, kept while it is used and for a while after, and made anew when it ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "shared/base/result.hpp"
#include "shared/base/secret_bytes.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/protocol/hub/broker_session.hpp"
#include "shared/protocol/hub/dynamic_security.hpp"
#include "shared/runtime/reach.hpp"
#include "shared/runtime/task.hpp"

namespace berth::runtime {

// A connection on which nothing came for so long is closed.
inline constexpr std::chrono::milliseconds kBrokerIdleTimeout{60000};

struct BrokerAccount {
  std::string host;  // a name or an address, without brackets
  std::uint16_t port = 0;
  std::string user_name;
  SecretBytes password;
  // Begins the client IDs of the connections; the rest of them is random.
  std::string client_prefix;
  Reach reach = Reach::anywhere();
};

// One executor enters it.
class BrokerClient {
 public:
  // `entropy` and `json` outlive the client and its executor's work.
  BrokerClient(boost::asio::any_io_executor executor, std::shared_ptr<ports::TlsContext> context,
               BrokerAccount account, ports::Entropy& entropy,
               hub::dynsec::DynamicSecurityCodec& json);
  // Closes the connection; what waits is answered Errc::unavailable.
  ~BrokerClient();
  BrokerClient(const BrokerClient&) = delete;
  BrokerClient& operator=(const BrokerClient&) = delete;

  // Errc::unavailable (no connection, with the system's words), hub_unauthorized, throttled, or
  // timed_out: then the broker may have done it.
  [[nodiscard]] Task<Result<hub::dynsec::Answer>> ask(hub::dynsec::Request request,
                                                      std::chrono::milliseconds timeout);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with requests under way
};

}  // namespace berth::runtime
