#include "tools/device/conversation.hpp"

#include <algorithm>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tools/device/answer.hpp"

namespace berth::device {

std::chrono::milliseconds left_until(Deadline deadline) {
  return std::max(std::chrono::milliseconds{1},
                  std::chrono::duration_cast<std::chrono::milliseconds>(
                      deadline - std::chrono::steady_clock::now()));
}

runtime::Task<Result<Outcome>> converse(Conversation& conversation, Deadline deadline) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  std::string operation_id;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto reply = co_await conversation.ask(operation_id, deadline);
    if (!reply) co_return reply.error();
    auto answer = read_answer(reply->status, reply->body);
    if (!answer) co_return answer.error();
    if (answer->kind != Answer::Kind::pending) co_return std::move(answer->outcome);
    operation_id = answer->operation_id;
    timer.expires_at(
        std::min(deadline, std::chrono::steady_clock::now() + poll_delay(reply->retry_after)));
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
  co_return Error{Errc::timed_out, "no hub was assigned in time"};
}

}  // namespace berth::device
