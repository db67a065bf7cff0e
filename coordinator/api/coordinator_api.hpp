// Everything that the coordinator answers over HTTP, from a request to its response: routing,
// authorization, the endpoint, and the error document if one of them refuses. No sockets, no
// waiting: the listener calls it.
//
// Every request has a GUID of its own: the answer's x-ms-request-id, the error document's
// trackingId, and what the log and the audit log know it by.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/authorization.hpp"
#include "coordinator/api/endpoint.hpp"
#include "coordinator/api/operation_rate.hpp"
#include "coordinator/api/router.hpp"
#include "coordinator/api/service_operation.hpp"
#include "coordinator/audit/admin_store.hpp"
#include "coordinator/store/catalog.hpp"
#include "shared/base/result.hpp"
#include "shared/ports/clock.hpp"
#include "shared/ports/crypto.hpp"
#include "shared/ports/entropy.hpp"
#include "shared/protocol/http/message.hpp"

namespace berth::coordinator {

class CoordinatorApi {
 public:
  // Told of every refusal, with the reason that the caller may not have been shown. For the log.
  using RefusalSink = std::function<void(const http::Request&, const Error&)>;
  // Told of every request that reached an endpoint. For the log category ServiceOperations.
  using OperationSink = std::function<void(const ServiceOperation&)>;

  struct Observers {
    RefusalSink refused = {};
    OperationSink operated = {};
    // Is told on whose behalf an endpoint writes. What the endpoints write to; null: nobody keeps
    // an audit log.
    AdminStore* audit = nullptr;
  };

  CoordinatorApi(const Catalog& catalog, ports::Crypto& crypto, ports::Clock& clock,
                 ports::Entropy& entropy, std::vector<Endpoint> endpoints, Observers observers,
                 std::uint32_t operations_per_minute = 0);

  [[nodiscard]] http::Response handle(const http::Request& request);

  // The answer to what never became a request: a status of the listener's own (400, 408, 413, 431).
  [[nodiscard]] http::Response refuse(int status) const;

  [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return router_.endpoints(); }

 private:
  [[nodiscard]] http::Response route(const http::Request& request, const std::string& tracking_id);
  [[nodiscard]] Result<http::Response> answer(const http::Request& request,
                                              const http::Target& target, const Endpoint& endpoint,
                                              std::vector<std::string> arguments,
                                              ServiceOperation& operation);
  [[nodiscard]] http::Response refuse(const http::Request& request, const Error& error,
                                      const std::string& tracking_id) const;
  [[nodiscard]] http::Response refuse(const Failure& failure, const std::string& tracking_id) const;

  Router router_;
  Authorizer authorizer_;
  OperationRate rate_;
  ports::Clock& clock_;
  ports::Entropy& entropy_;
  Observers observers_;
};

}  // namespace berth::coordinator
