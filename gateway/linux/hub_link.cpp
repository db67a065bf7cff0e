#include "gateway/linux/hub_link.hpp"

#include <exception>
#include <utility>

#include "shared/protocol/sync/record_codec.hpp"

namespace berth::gateway {
namespace {

// What the link met, in the words that HubOperation's callers know.
Error as_hub_error(Error error, const domain::LinkedHub& hub) {
  const bool is_late = error.code == Errc::timed_out;
  return {is_late ? Errc::timed_out : Errc::unavailable, hub.host_name + ": " + error.reason};
}

}  // namespace

HubLink::HubLink(boost::asio::any_io_executor executor, domain::CoordinatorId coordinator,
                 std::vector<Bytes> machine_trust, Ports ports)
    : executor_(executor),
      iot_hub_(hub::iot_hub_connector(coordinator, ports.json)),
      machine_trust_(std::move(machine_trust)),
      ports_(ports),
      tasks_(executor, kMaxHubOperations, [](const std::string&) {}) {}

HubLink::~HubLink() = default;

void HubLink::stop() {
  tasks_.cancel();
}

void HubLink::run(const domain::IdScope& tenant, const domain::LinkedHub& hub, const Start& start,
                  Done done) {
  switch (hub.kind) {
    case domain::HubKind::azure_iot_hub: break;
    case domain::HubKind::mosquitto:
      done(Error{Errc::unsupported, hub.host_name + ": there is no connector for Mosquitto"});
      return;
  }
  if (tasks_.size() >= kMaxHubOperations) {
    done(Error{Errc::throttled, hub.host_name + ": too many registrations are under way"});
    return;
  }
  if (!tasks_.spawn(drive(tenant, hub, start(*iot_hub_), done))) {
    done(Error{Errc::unavailable, "the gateway is stopping"});
  }
}

Result<std::shared_ptr<runtime::HttpClient>> HubLink::client_for(const domain::LinkedHub& hub) {
  Registry& registry = registries_[hub.hub_id];
  if (registry.client == nullptr || registry.url != hub.registry_url ||
      registry.trusted_ca != hub.trusted_ca) {
    ports::TlsClientSettings settings;
    settings.trusted = hub.trusted_ca.empty() ? machine_trust_ : std::vector<Bytes>{hub.trusted_ca};
    auto context = ports_.tls.client(settings);
    if (!context) return context.error();
    registry.url = hub.registry_url;
    registry.trusted_ca = hub.trusted_ca;
    runtime::HttpClientLimits limits;
    limits.max_idle = kMaxIdleHubConnections;
    registry.client = std::make_shared<runtime::HttpClient>(executor_, std::move(*context), limits);
  }
  return registry.client;
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
  const auto client = client_for(hub);
  if (!client) co_return as_hub_error(client.error(), hub);
  for (std::size_t i = 0; i < kMaxHubExchanges; ++i) {
    http::Request request = operation.next();
    request.headers.set("Authorization", std::string(as_text(token->authorization.reveal())));
    auto response = co_await (*client)->send(hub.registry_url, request, kHubTimeout);
    if (!response) co_return as_hub_error(response.error(), hub);
    auto outcome = operation.receive(*response);
    if (outcome) co_return std::move(*outcome);
  }
  co_return Error{Errc::unavailable, hub.host_name + ": its registry does not come to an end"};
}

}  // namespace berth::gateway
