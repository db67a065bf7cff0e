#include "coordinator/app/webhook_relay.hpp"

#include <exception>
#include <utility>

#include "shared/domain/allocation/custom.hpp"

namespace berth::coordinator {
namespace {

sync::WebhookReply not_called(std::string why) {
  sync::WebhookReply reply;
  reply.reason = std::move(why);
  return reply;
}

}  // namespace

WebhookRelay::WebhookRelay(boost::asio::any_io_executor executor,
                           std::shared_ptr<ports::TlsContext> context, runtime::Reach reach)
    : client_(executor, std::move(context), std::move(reach), domain::kMaxAllocationAnswer,
              domain::kAllocationTimeout),
      tasks_(executor, kMaxRelayedCalls, [](const std::string&) {}) {}

void WebhookRelay::stop() {
  tasks_.cancel();
  client_.close();
}

void WebhookRelay::call(std::string url, std::string body, Done done) {
  if (tasks_.size() >= kMaxRelayedCalls) {
    done(not_called("the coordinator calls too many webhooks now"));
  } else if (!tasks_.spawn(drive(std::move(url), std::move(body), done))) {
    done(not_called("the coordinator is stopping"));
  }
}

runtime::Task<void> WebhookRelay::drive(std::string url, std::string body, Done done) {
  sync::WebhookReply reply = not_called("the call was broken off");
  try {
    auto response = co_await client_.post(std::move(url), std::move(body));
    if (response) {
      reply.status = static_cast<std::uint32_t>(response->status);
      reply.body = std::move(response->body);
      reply.reason.clear();
    } else {
      reply.reason = response.error().reason;
    }
  } catch (const std::exception& error) {
    reply = not_called(error.what());
  }
  done(std::move(reply));
}

}  // namespace berth::coordinator
