#include "gateway/linux/hub_link.hpp"

#include <charconv>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

#include "gateway/core/limits.hpp"
#include "shared/protocol/hub/registry_address.hpp"
#include "shared/protocol/sync/record_codec.hpp"

namespace berth::gateway {
namespace {

// What the link met, in the words that HubOperation's callers know.
Error as_hub_error(Error error, const domain::LinkedHub& hub) {
  const bool is_known = error.code == Errc::timed_out || error.code == Errc::hub_unauthorized ||
                        error.code == Errc::throttled;
  return {is_known ? error.code : Errc::unavailable, hub.host_name + ": " + error.reason};
}

const http::Response* http_of(const hub::HubResponse& response) {
  return std::get_if<http::Response>(&response);
}

// The hub wants to be left alone: it throttles, or it is unavailable for a time that it knows.
bool is_throttling(const hub::HubResponse& response) {
  const http::Response* http = http_of(response);
  return http != nullptr &&
         (http->status == 429 || (http->status == 503 && http->headers.has("Retry-After")));
}

// In seconds; a date is not read, and the pause is then our own.
std::optional<std::chrono::seconds> retry_after(const hub::HubResponse& response) {
  const http::Response* http = http_of(response);
  if (http == nullptr) return std::nullopt;
  const std::string_view text = http->headers.get("Retry-After");
  std::uint32_t seconds = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || failed != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return std::chrono::seconds(seconds);
}

}  // namespace

HubLink::HubLink(boost::asio::any_io_executor executor, TurnKind kind,
                 domain::CoordinatorId coordinator, std::vector<Bytes> machine_trust, Ports ports)
    : executor_(executor),
      kind_(kind),
      iot_hub_(hub::iot_hub_connector(coordinator, ports.json)),
      mosquitto_(hub::mosquitto_connector(coordinator, ports.broker_json)),
      machine_trust_(std::move(machine_trust)),
      ports_(ports),
      tasks_(executor, kMaxHubOperations, [](const std::string&) {}) {}

HubLink::~HubLink() = default;

void HubLink::stop() {
  tasks_.cancel();
}

void HubLink::run(const domain::IdScope& tenant, const domain::LinkedHub& hub, const Start& start,
                  Done done) {
  if (tasks_.size() >= kMaxHubOperations) {
    done(Error{Errc::throttled, hub.host_name + ": too many registrations are under way"});
    return;
  }
  if (!tasks_.spawn(drive(tenant, hub, start(connector_for(hub.kind)), done))) {
    done(Error{Errc::unavailable, "the gateway is stopping"});
  }
}

hub::HubConnector& HubLink::connector_for(domain::HubKind kind) {
  switch (kind) {
    case domain::HubKind::azure_iot_hub: break;
    case domain::HubKind::mosquitto: return *mosquitto_;
  }
  return *iot_hub_;
}

Result<std::shared_ptr<ports::TlsContext>> HubLink::context_for(const domain::LinkedHub& hub) {
  ports::TlsClientSettings settings;
  settings.trusted = hub.trusted_ca.empty() ? machine_trust_ : std::vector<Bytes>{hub.trusted_ca};
  auto context = ports_.tls.client(settings);
  if (!context) return context.error();
  return std::shared_ptr<ports::TlsContext>(std::move(*context));
}

Result<HubLink::Registry> HubLink::registry_for(const domain::LinkedHub& hub,
                                                const domain::HubToken& token) {
  Registry& registry = registries_[hub.hub_id];
  const bool is_made = registry.http != nullptr || registry.broker != nullptr;
  const bool is_same_link =
      is_made && registry.url == hub.registry_url && registry.trusted_ca == hub.trusted_ca;
  // A broker's client is logged in for as long as it is connected.
  const bool is_same_login =
      registry.broker == nullptr || (registry.token.user_name == token.user_name &&
                                     registry.token.authorization == token.authorization);
  if (is_same_link && is_same_login) {
    registry.token = token;
    return registry;
  }
  auto context = context_for(hub);
  if (!context) return context.error();
  registry = Registry{hub.registry_url, hub.trusted_ca, token, nullptr, nullptr};
  switch (hub.kind) {
    case domain::HubKind::azure_iot_hub: {
      runtime::HttpClientLimits limits;
      limits.max_idle = kMaxIdleHubConnections;
      limits.reach = ports_.reach;
      registry.http = std::make_shared<runtime::HttpClient>(executor_, std::move(*context), limits);
      break;
    }
    case domain::HubKind::mosquitto: {
      auto address = hub::registry_address(hub.registry_url);
      if (!address) return address.error();
      runtime::BrokerAccount account{std::move(address->host), address->port,   token.user_name,
                                     token.authorization,      token.user_name, ports_.reach};
      registry.broker = std::make_shared<runtime::BrokerClient>(
          executor_, std::move(*context), std::move(account), ports_.entropy, ports_.broker_json);
      break;
    }
  }
  return registry;
}

Result<domain::HubToken> HubLink::token_for(const domain::IdScope& tenant,
                                            const domain::LinkedHub& hub) const {
  const auto record = ports_.reader.read(tenant, store::Table::hub_token, hub.hub_id.str());
  if (!record) return record.error();
  if (!record->has_value()) {
    return Error{Errc::unavailable, hub.host_name +
                                        ": the coordinator has not given this gateway a token "
                                        "for it"};
  }
  auto token = sync::decode<domain::HubToken>((*record)->body);
  if (!token) return token.error();
  if (token->expiry <= ports_.clock.wall()) {
    return Error{Errc::unavailable, hub.host_name + ": the token for it expired at " +
                                        to_iso8601_seconds(token->expiry) +
                                        "; it is renewed at the next contact with the coordinator"};
  }
  return token;
}

runtime::Task<void> HubLink::drive(domain::IdScope tenant, domain::LinkedHub hub,
                                   std::unique_ptr<hub::HubOperation> operation, Done done) {
  Result<hub::HubOutcome> outcome =
      Error{Errc::unavailable, hub.host_name + ": the exchange was broken off"};
  try {
    outcome = co_await exchange(std::move(tenant), hub, *operation);
  } catch (const std::exception& error) {
    // Without its answer a device would wait for ever.
    outcome = Error{Errc::unavailable, hub.host_name + ": " + error.what()};
  }
  done(std::move(outcome));
}

runtime::Task<Result<hub::HubOutcome>> HubLink::exchange(domain::IdScope tenant,
                                                         domain::LinkedHub hub,
                                                         hub::HubOperation& operation) {
  const auto token = token_for(tenant, hub);
  if (!token) co_return token.error();
  auto registry = registry_for(hub, *token);
  if (!registry) co_return as_hub_error(registry.error(), hub);
  HubTraffic::Place place{hub.registry_url, tenant, kind_, token->requests_per_minute};
  for (std::size_t i = 0; i < kMaxHubExchanges; ++i) {
    auto turn = co_await ports_.traffic.turn(place);
    if (!turn) co_return as_hub_error(turn.error(), hub);
    auto response = co_await send(*registry, operation.next());
    if (!response) co_return as_hub_error(response.error(), hub);
    if (is_throttling(*response)) turn->throttled(retry_after(*response));
    place.kind = TurnKind::under_way;
    auto outcome = operation.receive(*response);
    if (outcome) co_return std::move(*outcome);
  }
  co_return Error{Errc::unavailable, hub.host_name + ": its registry does not come to an end"};
}

runtime::Task<Result<hub::HubResponse>> HubLink::send(Registry registry,
                                                      const hub::HubRequest& request) {
  if (const auto* batch = std::get_if<hub::dynsec::Request>(&request)) {
    if (registry.broker == nullptr) co_return Error{Errc::internal, "a broker without a client"};
    auto answer = co_await registry.broker->ask(*batch, ports_.patience.broker);
    if (!answer) co_return answer.error();
    co_return hub::HubResponse(std::move(*answer));
  }
  if (registry.http == nullptr) co_return Error{Errc::internal, "a registry without a client"};
  http::Request signed_request = *std::get_if<http::Request>(&request);
  signed_request.headers.set("Authorization",
                             std::string(as_text(registry.token.authorization.reveal())));
  auto response = co_await registry.http->send(registry.url, std::move(signed_request),
                                               ports_.patience.registry);
  if (!response) co_return response.error();
  co_return hub::HubResponse(std::move(*response));
}

}  // namespace berth::gateway
