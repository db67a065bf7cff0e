#include "gateway/linux/webhook_link.hpp"

#include <exception>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/core/limits.hpp"
#include "shared/json/allocation_json.hpp"

namespace berth::gateway {
namespace {

namespace asio = boost::asio;

Result<domain::CustomAllocationAnswer> answer_of(int status, const std::string& body) {
  const auto judged = domain::judge_allocation_status(status);
  if (!judged) return judged.error();
  return json::read_allocation_answer(body);
}

// What keeps a call from an answer is passing: the webhook, or the way to it, may come back.
bool is_no_way(const Error& error) {
  switch (error.code) {
    case Errc::unavailable:
    case Errc::timed_out:
    case Errc::forbidden:
    case Errc::certificate_refused: return true;
    default: return false;  // NOLINT: all else is an answer
  }
}

}  // namespace

WebhookLink::WebhookLink(asio::any_io_executor executor, const json::EnrollmentJson& json,
                         runtime::WebhookClient& client, Relay relay)
    : executor_(executor),
      json_(json),
      client_(client),
      relay_(std::move(relay)),
      tasks_(executor, kMaxWebhookCalls, [](const std::string&) {}) {}

void WebhookLink::stop() {
  tasks_.cancel();
  client_.close();
}

void WebhookLink::ask(const AskAllocation& action, Done done) {
  asio::post(executor_, [this, action = action, done = std::move(done)]() mutable {
    if (tasks_.size() >= kMaxWebhookCalls) {
      done(Error{Errc::unavailable, "too many calls of webhooks are under way"});
    } else if (!tasks_.spawn(drive(std::move(action), done))) {
      done(Error{Errc::unavailable, "the gateway is stopping"});
    }
  });
}

runtime::Task<void> WebhookLink::drive(AskAllocation action, Done done) {
  Result<domain::CustomAllocationAnswer> answer =
      Error{Errc::unavailable, "the call of the webhook was broken off"};
  try {
    answer = co_await call(std::move(action));
  } catch (const std::exception& error) {
    // Without its answer a device would wait for ever.
    answer = Error{Errc::unavailable, error.what()};
  }
  done(std::move(answer));
}

runtime::Task<Result<domain::CustomAllocationAnswer>> WebhookLink::call(AskAllocation action) {
  auto body = json::write_allocation_request(json_, action.request);
  if (!body) co_return Error{Errc::allocation_failed, body.error().reason};
  const auto response = co_await client_.post(action.request.webhook.webhook_url, *body);
  if (response) co_return answer_of(response->status, response->body);
  if (!is_no_way(response.error())) {
    co_return Error{Errc::allocation_failed, "the webhook's answer: " + response.error().reason};
  }
  const sync::WebhookReply relayed =
      co_await relay(action.operation.tenant, action.request.enrollment_ref, std::move(*body));
  if (relayed.status != 0) {
    co_return answer_of(static_cast<int>(relayed.status), relayed.body);
  }
  co_return Error{Errc::unavailable, "the webhook is not reached from here (" +
                                         response.error().reason +
                                         ") nor through the coordinator (" + relayed.reason + ")"};
}

runtime::Task<sync::WebhookReply> WebhookLink::relay(domain::IdScope tenant,
                                                     domain::EnrollmentRef enrollment,
                                                     std::string body) {
  auto start = [this](auto handler, domain::IdScope scope, domain::EnrollmentRef ref,
                      std::string text) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    relay_(scope, ref, std::move(text), [shared](sync::WebhookReply reply) {
      const auto executor = asio::get_associated_executor(*shared);
      asio::post(executor, [shared, reply = std::move(reply)]() mutable {
        std::move (*shared)(std::move(reply));
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<asio::any_io_executor>&,
                                          void(sync::WebhookReply)>(
      std::move(start), asio::use_awaitable, std::move(tenant), std::move(enrollment),
      std::move(body));
}

}  // namespace berth::gateway
