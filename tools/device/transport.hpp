// One way of speaking to a provisioning endpoint. Each protocol is one file pair that implements
// Transport; make_transport() is the only place that knows them all.
#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "shared/base/result.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/runtime/task.hpp"
#include "tools/device/device.hpp"
#include "tools/device/protocol.hpp"

namespace berth::device {

class Transport {
 public:
  virtual ~Transport() = default;
  // Registers one device, to the end. Errc::unavailable, timed_out or malformed if no answer could
  // be had; a refusal is an Outcome. One registration at a time.
  [[nodiscard]] virtual runtime::Task<Result<Outcome>> register_device(Attempt attempt) = 0;
};

struct TransportServices {
  boost::asio::any_io_executor executor;
  ports::Crypto& crypto;
  // Keep the connection for the next registration: over HTTPS of any device with the same TLS
  // context, over the others, whose connections are a device's own, of the same device.
  bool keep_connection = false;
};

[[nodiscard]] std::unique_ptr<Transport> make_transport(Protocol protocol,
                                                        const TransportServices& services);

}  // namespace berth::device
