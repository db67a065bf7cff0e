#include "tools/hub/faults_page.hpp"

#include <string>

namespace berth::hub_server {
namespace {

http::Response text_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.set("Content-Type", "text/plain");
  response.body = std::move(body);
  return response;
}

}  // namespace

http::Response set_fault(const http::Request& request,
                         const std::vector<std::unique_ptr<Hub>>& hubs) {
  if (request.method != "POST" || request.target != "/faults") {
    return text_response(404, "no such page\n");
  }
  const auto order = parse_fault_order(request.body);
  if (!order) return text_response(400, order.error().reason + "\n");
  for (const auto& hub : hubs) {
    if (hub->host_name() == order->hub) {
      hub->faults().set(order->fault);
      return text_response(200, "set\n");
    }
  }
  return text_response(404, "no hub " + order->hub + " here\n");
}

}  // namespace berth::hub_server
