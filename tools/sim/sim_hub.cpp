#include "tools/sim/sim_hub.hpp"

#include <utility>

#include <boost/json/object.hpp>

#include "shared/base/assert.hpp"
#include "shared/sqlite/connection.hpp"

namespace berth::sim {
namespace {

constexpr std::size_t kMaxDevices = 1'000'000;

std::unique_ptr<hub_server::DeviceTable> open_table() {
  auto table = hub_server::DeviceTable::open(sqlite::kInMemory);
  BERTH_ASSERT(table.has_value());
  return std::move(*table);
}

std::vector<hub_server::Policy> policies_of(const domain::HubCredential& credential) {
  std::vector<hub_server::Policy> policies(1);
  policies[0].name = credential.policy_name;
  policies[0].key = credential.policy_key;
  policies[0].rights = {hub_server::Right::registry_write, hub_server::Right::service_connect};
  return policies;
}

// What a trace needs of it: the call, and the device.
std::string shown(const http::Request& request) {
  std::string text = request.method + " " + request.target.substr(0, request.target.find('?'));
  const auto id = request.body.find("\"id\":");
  if (request.method == "POST" && id != std::string::npos)
    text += " " + request.body.substr(id, 24);
  const auto etag = request.headers.get("If-Match");
  if (!etag.empty()) text += " if " + std::string(etag);
  return text;
}

http::Response status(int code) {
  http::Response response;
  response.status = code;
  return response;
}

// Said by the hub itself, not by something in between, so that it is definite (service API 5.3).
http::Response refusal(int code, const char* name) {
  http::Response response = status(code);
  response.headers.set("iothub-errorcode", name);
  return response;
}

}  // namespace

const char* name_of(SimHub::Mood mood) {
  switch (mood) {
    case SimHub::Mood::serving: return "serves";
    case SimHub::Mood::down: return "is down";
    case SimHub::Mood::throttling: return "throttles";
    case SimHub::Mood::refusing: return "refuses";
    case SimHub::Mood::full: return "is full";
    case SimHub::Mood::unauthorized: return "takes no token";
  }
  return "";
}

SimHub::SimHub(World& world, domain::LinkedHub link, domain::HubCredential credential)
    : world_(world),
      link_(std::move(link)),
      clock_(world.scheduler),
      entropy_(world.random.branch()),
      table_(open_table()),
      registry_(link_.host_name, kMaxDevices, *table_, clock_, entropy_),
      access_({link_.host_name}, policies_of(credential), world.crypto),
      rest_(registry_, access_, clock_, entropy_) {}

void SimHub::request(std::size_t gateway, const http::Request& request, Answer answer) {
  auto& random = world_.random;
  const Weather& weather = world_.weather;
  const bool is_cut = weather.cut_from_hubs.at(gateway);
  // One answer: the hub's, or none in time.
  auto once = std::make_shared<Answer>(std::move(answer));
  const auto give = [once](Result<http::Response> response) {
    if (const Answer first = std::exchange(*once, nullptr)) first(std::move(response));
  };
  world_.scheduler.after(kHubTimeout, [give] {
    give(Error{Errc::timed_out, "no answer from the hub"});
  });
  if (is_cut || random.chance(weather.lost)) return;
  SimTime travel = world_.latency();
  if (random.chance(weather.delayed)) {
    travel += random.between(SimTime{1'000'000}, 2 * kHubTimeout);
  }
  const auto serving = [this, gateway, request, give] {
    if (mood_ == Mood::down) {
      give(Error{Errc::unavailable, "the hub is down"});
      return;
    }
    // Somebody on the way was impatient: the hub works twice, and the last answer comes back.
    if (world_.random.chance(world_.weather.duplicated)) static_cast<void>(serve(request));
    http::Response response = serve(request);
    world_.trace.line(link_.host_name, "gateway-" + std::to_string(gateway) + " " + shown(request) +
                                           " " + std::to_string(response.status) + " " +
                                           std::string(response.headers.get("ETag")));
    if (world_.random.chance(world_.weather.lost)) return;
    world_.scheduler.after(world_.latency(),
                           [give, response = std::move(response)] { give(response); });
  };
  world_.scheduler.after(travel, serving);
}

http::Response SimHub::serve(const http::Request& request) {
  switch (mood_) {
    case Mood::serving: break;
    case Mood::down: return status(503);
    case Mood::throttling: return status(429);
    case Mood::refusing:
      if (request.method != "GET") return refusal(400, "ArgumentInvalid");
      break;
    case Mood::full:
      if (request.method == "POST") return refusal(403, "IotHubQuotaExceeded");
      break;
    case Mood::unauthorized: return status(401);
  }
  return rest_.handle(request);
}

std::vector<hub_server::Device> SimHub::devices() {
  auto all = table_->list(link_.host_name, "", kMaxDevices);
  BERTH_ASSERT(all.has_value());
  return std::move(*all);
}

void SimHub::plant(const std::string& device_id, const std::string& marker) {
  const boost::json::object identity{{"deviceId", device_id}, {"statusReason", marker}};
  const auto planted = registry_.put(device_id, identity, std::nullopt);
  BERTH_ASSERT(planted.has_value());
}

}  // namespace berth::sim
