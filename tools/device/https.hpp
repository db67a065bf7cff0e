// Devices over HTTPS (device API 1).
#pragma once

#include <memory>

#include "shared/runtime/http_client.hpp"
#include "tools/device/transport.hpp"

namespace berth::device {

class HttpsTransport final : public Transport {
 public:
  explicit HttpsTransport(const TransportServices& services) : services_(services) {}
  runtime::Task<Result<Outcome>> register_device(Attempt attempt) override;

 private:
  TransportServices services_;
  std::unique_ptr<runtime::HttpClient> client_;
  std::shared_ptr<ports::TlsContext> context_;  // the client's, which must be the attempt's
};

}  // namespace berth::device
