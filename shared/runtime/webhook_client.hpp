// Calls a webhook: one POST of JSON over https, no redirects, a deadline, a bounded answer, and
// only where the program may reach (design section 7). What it says and what its answer means is
// the caller's.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "shared/base/result.hpp"
#include "shared/ports/tls_engine.hpp"
#include "shared/protocol/http/message.hpp"
#include "shared/runtime/http_client.hpp"
#include "shared/runtime/reach.hpp"
#include "shared/runtime/task.hpp"

namespace berth::runtime {

class WebhookClient {
 public:
  // `context` holds the CAs that webhooks' certificates may chain to.
  WebhookClient(boost::asio::any_io_executor executor, std::shared_ptr<ports::TlsContext> context,
                Reach reach, std::size_t max_answer, std::chrono::milliseconds timeout);

  // Any status is an answer. Errc::invalid for what is no https URL, Errc::forbidden out of reach,
  // else as HttpClient::send.
  [[nodiscard]] Task<Result<http::Response>> post(std::string url, std::string body);
  // As HttpClient::close.
  void close() { client_.close(); }

 private:
  HttpClient client_;
  std::chrono::milliseconds timeout_;
};

}  // namespace berth::runtime
