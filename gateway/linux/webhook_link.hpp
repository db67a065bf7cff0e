// The way to custom allocation's webhooks (service API 3, design 3.5): called from here where the
// gateway reaches them, else through the coordinator. One per gateway, on one executor.
//
// The coordinator is asked when this gateway got no HTTP answer: no connection, no name, an address
// out of its reach. What a webhook did answer stands.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "gateway/core/ports/webhook.hpp"
#include "shared/base/result.hpp"
#include "shared/domain/allocation/custom.hpp"
#include "shared/json/enrollment_json.hpp"
#include "shared/protocol/sync/frames.hpp"
#include "shared/runtime/task.hpp"
#include "shared/runtime/task_group.hpp"
#include "shared/runtime/webhook_client.hpp"

namespace berth::gateway {

// What a shard asks; answered once, on any thread.
class WebhookCalls {
 public:
  using Done = std::function<void(Result<domain::CustomAllocationAnswer>)>;
  virtual ~WebhookCalls() = default;
  virtual void ask(const AskAllocation& action, Done done) = 0;
};

class WebhookLink final : public WebhookCalls {
 public:
  using RelayDone = std::function<void(sync::WebhookReply)>;
  // Has the coordinator call; answered once, on any executor, with status 0 if it could not.
  using Relay =
      std::function<void(const domain::IdScope& tenant, const domain::EnrollmentRef& enrollment,
                         std::string body, RelayDone done)>;

  // `json` outlives the link, and `client` all its calls.
  WebhookLink(boost::asio::any_io_executor executor, const json::EnrollmentJson& json,
              runtime::WebhookClient& client, Relay relay);

  // From any thread.
  void ask(const AskAllocation& action, Done done) override;
  // Calls under way are answered with an error.
  void stop();

 private:
  runtime::Task<void> drive(AskAllocation action, Done done);
  runtime::Task<Result<domain::CustomAllocationAnswer>> call(AskAllocation action);
  runtime::Task<sync::WebhookReply> relay(domain::IdScope tenant, domain::EnrollmentRef enrollment,
                                          std::string body);

  boost::asio::any_io_executor executor_;
  const json::EnrollmentJson& json_;
  runtime::WebhookClient& client_;
  Relay relay_;
  runtime::TaskGroup tasks_;
};

}  // namespace berth::gateway
