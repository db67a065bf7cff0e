#include "coordinator/app/broker_keeper.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "coordinator/fleet/broker_accounts.hpp"
#include "coordinator/fleet/broker_upkeep.hpp"
#include "shared/protocol/hub/registry_address.hpp"

namespace berth::coordinator {
namespace {

namespace asio = boost::asio;

// What is wrong with one device, and not with the broker.
bool is_about_one_device(Errc code) {
  return code == Errc::hub_conflict || code == Errc::hub_refused;
}

}  // namespace

BrokerKeeper::BrokerKeeper(asio::any_io_executor executor, domain::CoordinatorId coordinator,
                           std::vector<Bytes> machine_trust,
                           hub::dynsec::DynamicSecurityCodec& json, const Services& services)
    : executor_(executor),
      coordinator_(std::move(coordinator)),
      machine_trust_(std::move(machine_trust)),
      json_(json),
      services_(services),
      connector_(hub::mosquitto_connector(coordinator_, json)),
      timer_(executor) {}

runtime::Task<void> BrokerKeeper::run() {
  for (;;) {
    co_await look();
    timer_.expires_after(kCutOffInterval);
    // wake() cuts the wait short.
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void BrokerKeeper::wake() {
  ++change_;
  timer_.cancel();
}

runtime::Task<void> BrokerKeeper::look() {
  const auto tenants = services_.store.tenants();
  if (!tenants) co_return;
  std::vector<domain::HubId> present;
  for (const domain::IdScope& tenant : *tenants) {
    if (tenant == store::kNode) continue;
    const auto hubs = services_.catalog.hubs.all(tenant);
    if (!hubs) co_return;
    for (const Link& link : *hubs) {
      if (link.record.kind != domain::HubKind::mosquitto) continue;
      present.push_back(link.record.hub_id);
      co_await look_at(tenant, link);
    }
  }
  forget_others(present);
}

void BrokerKeeper::forget_others(const std::vector<domain::HubId>& present) {
  std::erase_if(brokers_, [&present](const auto& entry) {
    return std::find(present.begin(), present.end(), entry.first) == present.end();
  });
}

runtime::Task<void> BrokerKeeper::look_at(domain::IdScope tenant, Link link) {
  Broker& broker = brokers_[link.record.hub_id];
  if (broker.version != link.version) broker.not_before = MonotonicTime{};
  if (services_.clock.monotonic() < broker.not_before) co_return;
  auto done = connect(tenant, link, broker);
  if (done) done = co_await keep_accounts(tenant, link, broker);
  if (done) done = co_await cut_off(tenant, link, broker);
  if (done) {
    broker.pause = kFirstBrokerPause;
    if (std::exchange(broker.complained, false)) {
      services_.log.info("a broker is looked after again", {{"hub", link.record.host_name}});
    }
    co_return;
  }
  if (!std::exchange(broker.complained, true)) {
    services_.log.warning("a broker can't be looked after; it is tried again",
                          {{"hub", link.record.host_name}, {"reason", done.error().reason}});
  }
  broker.not_before = services_.clock.monotonic() + broker.pause;
  broker.pause = std::min(broker.pause * 2, kLastBrokerPause);
}

Result<void> BrokerKeeper::connect(const domain::IdScope& tenant, const Link& link,
                                   Broker& broker) {
  if (broker.client != nullptr && broker.version == link.version) return {};
  const auto credential = services_.catalog.hubs.credential(tenant, link.record.hub_id);
  if (!credential) return credential.error();
  auto address = hub::registry_address(link.record.registry_url);
  if (!address) return address.error();
  ports::TlsClientSettings settings;
  settings.trusted =
      link.record.trusted_ca.empty() ? machine_trust_ : std::vector<Bytes>{link.record.trusted_ca};
  auto context = services_.tls.client(settings);
  if (!context) return context.error();
  runtime::BrokerAccount account{std::move(address->host), address->port,
                                 credential->policy_name,  credential->policy_key,
                                 "berth-coordinator",      services_.reach};
  broker.client = std::make_unique<runtime::BrokerClient>(
      executor_, std::move(*context), std::move(account), services_.entropy, json_);
  broker.version = link.version;
  broker.kept = 0;
  return {};
}

runtime::Task<Result<void>> BrokerKeeper::keep_accounts(domain::IdScope tenant, const Link& link,
                                                        Broker& broker) {
  const MonotonicTime now = services_.clock.monotonic();
  if (broker.kept == change_ && now < broker.keep_at) co_return Result<void>{};
  const std::uint64_t change = change_;
  std::vector<BrokerAccount> accounts;
  // A broker that the coordinator writes to itself needs no gateways in it.
  if (link.record.apply == domain::HubApply::gateway) {
    const auto credential = services_.catalog.hubs.credential(tenant, link.record.hub_id);
    if (!credential) co_return credential.error();
    auto wanted =
        broker_accounts(services_.catalog.gateways, tenant, *credential, services_.crypto);
    if (!wanted) co_return wanted.error();
    accounts = std::move(*wanted);
  }
  auto upkeep = broker_upkeep(broker_account_prefix(link.record.hub_id),
                              hub::ownership_marker(coordinator_), std::move(accounts));
  const auto outcome = co_await drive(broker, std::move(upkeep));
  if (!outcome) co_return outcome.error();
  broker.kept = change;
  broker.keep_at = now + kUpkeepInterval;
  co_return Result<void>{};
}

runtime::Task<Result<void>> BrokerKeeper::cut_off(domain::IdScope tenant, const Link& link,
                                                  Broker& broker) {
  for (;;) {
    auto page = next_cut_offs(services_.store, tenant, link.record.hub_id, broker.place);
    if (!page) co_return page.error();
    for (const CutOff& one : page->work) {
      // Others went on while the broker was asked.
      const auto holds = still_holds(services_.store, tenant, link.record.hub_id, one);
      if (!holds) co_return holds.error();
      if (!*holds) continue;
      auto operation =
          one.disable ? connector_->disable(one.device_id, {}) : connector_->enable(one.device_id);
      const auto outcome = co_await drive(broker, std::move(operation));
      if (outcome) continue;
      if (!is_about_one_device(outcome.error().code)) co_return outcome.error();
      services_.log.warning(one.disable ? "a device was not cut off" : "a device was not let in",
                            {{"hub", link.record.host_name},
                             {"deviceId", one.device_id.str()},
                             {"reason", outcome.error().reason}});
    }
    broker.place = std::move(page->next);
    if (page->is_all) co_return Result<void>{};
  }
}

runtime::Task<Result<hub::HubOutcome>> BrokerKeeper::drive(
    Broker& broker, std::unique_ptr<hub::HubOperation> operation) {
  for (std::size_t i = 0; i < kMaxKeeperExchanges; ++i) {
    const auto& request = std::get<hub::dynsec::Request>(operation->next());
    auto answer = co_await broker.client->ask(request, kKeeperTimeout);
    if (!answer) co_return answer.error();
    const hub::HubResponse response = std::move(*answer);
    auto outcome = operation->receive(response);
    if (outcome) co_return std::move(*outcome);
  }
  co_return Error{Errc::unavailable, "the broker does not come to an end"};
}

}  // namespace berth::coordinator
